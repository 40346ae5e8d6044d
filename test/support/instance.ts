/** A real server on a database, directory and port of its own, for one test file. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Call, createClient, type Role } from '@carmic/contract';
import { Members, Users } from '../../server/src/accounts/model.ts';
import { createWorkspace } from '../../server/src/accounts/createWorkspace.ts';
import { openSession } from '../../server/src/accounts/sessions.ts';
import { newId } from '../../server/src/core/ids.ts';
import { createLog, type Log } from '../../server/src/core/log.ts';
import type { ProcessName } from '../../server/src/core/processNames.ts';
import { type RunningServer, startServer } from '../../server/src/main.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export interface Caller {
  call: Call;
  token: string;
  userId: string;
  workspaceId: string;
}

export interface TestInstance {
  server: RunningServer;
  baseUrl: string;
  database: TestDatabase;
  directory: string;
  /** A new person in a new workspace (or a given one), signed in. */
  createCaller(options?: { role?: Role; isAdmin?: boolean; workspaceId?: string }): Promise<Caller>;
  /** Stops the server and starts it again on the same data and port. */
  restart(whileAway?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface InstanceOptions {
  env?: Record<string, string>;
  processes?: readonly ProcessName[];
  log?: Log;
  /** Whether it logs as its environment says, to `server.log` in its directory. */
  hasOwnLog?: boolean;
  /** Leads the application's connections another way; answers the URL to use. */
  leadThrough?: (url: string) => Promise<string>;
}

/** Starts a server; stop it in `afterAll`. */
export async function startInstance(options: InstanceOptions = {}): Promise<TestInstance> {
  const database = await createTestDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'carmic-test-'));
  const rootKeyFile = join(directory, 'root.key');
  writeFileSync(rootKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const applicationUrl = (await options.leadThrough?.(database.appUrl)) ?? database.appUrl;
  const environment = (port: number): Record<string, string> => ({
    CARMIC_MODE: 'test',
    CARMIC_DATABASE_URL: applicationUrl,
    CARMIC_MIGRATION_DATABASE_URL: database.ownerUrl,
    CARMIC_DATABASE_POOL: '5',
    CARMIC_DATA_DIR: directory,
    CARMIC_MIN_FREE_BYTES: '0',
    CARMIC_ROOT_KEY_FILE: rootKeyFile,
    CARMIC_PORT: String(port),
    CARMIC_RENEW_SECONDS: '0.5',
    CARMIC_LEASE_SECONDS: '5',
    CARMIC_WATCHDOG_SECONDS: '1',
    CARMIC_OPERATOR_NAME: 'Example Ltd',
    CARMIC_OPERATOR_EMAIL: 'privacy@example.org',
    ...(options.hasOwnLog === true ? { CARMIC_LOG_FILE: join(directory, 'server.log') } : {}),
    ...options.env,
  });
  const start = (port: number) =>
    startServer({
      env: environment(port),
      processes: options.processes ?? ['web', 'worker'],
      ...(options.hasOwnLog === true ? {} : { log: options.log ?? createLog({ level: process.env['CARMIC_TEST_LOG'] ?? 'silent' }) }),
    });
  const instance: TestInstance = {
    server: await start(0),
    get baseUrl() {
      return instance.server.baseUrl;
    },
    database,
    directory,
    createCaller: (wish = {}) => createCaller(instance, wish),
    async restart(whileAway) {
      const { port } = instance.server;
      await instance.server.close();
      await whileAway?.();
      instance.server = await start(port);
    },
    async stop() {
      await instance.server.close();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return instance;
}

async function createCaller(instance: TestInstance, wish: { role?: Role; isAdmin?: boolean; workspaceId?: string }): Promise<Caller> {
  const { deps } = instance.server;
  const userId = newId();
  const workspaceId = wish.workspaceId ?? newId();
  const token = await deps.db.asSystem(async (tx) => {
    const { db } = deps;
    await db
      .model(Users)
      .create({ id: userId, email: `${userId}@example.test`, name: 'Somebody', isAdmin: wish.isAdmin ?? false }, { transaction: tx });
    if (wish.workspaceId === undefined) {
      await createWorkspace(deps, tx, { id: workspaceId, name: 'A workspace' });
    }
    await db.model(Members).create({ workspaceId, userId, role: wish.role ?? 'owner' }, { transaction: tx });
    return (await openSession(deps, tx, userId)).token;
  });
  return { token, userId, workspaceId, call: callerFor(() => instance.baseUrl, token) };
}

/** The typed client with a bearer token; `baseUrl` is asked at every call, so that it survives a restart. */
export function callerFor(baseUrl: () => string, token: string): Call {
  return (name, args, options) =>
    createClient({ baseUrl: baseUrl(), headers: () => ({ authorization: `Bearer ${token}` }) })(name, args, options);
}

/** Looking costs processor time that what is waited for wants: soon first, then ever more seldom. */
const firstLookMs = 50;
const seldomestLookMs = 250;

/** Repeats `look` until it answers something other than null or undefined. Throws after `timeoutMs`. */
export async function until<T>(what: string, look: () => Promise<T | null | undefined>, timeoutMs = 60_000): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(seldomestLookMs, pauseMs * 1.1)) {
    const found = await look();
    if (found !== null && found !== undefined) {
      return found;
    }
    if (performance.now() > endsAt) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
