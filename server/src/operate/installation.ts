import { systemClock } from '../core/clock.ts';
import { type Env, readEnv } from '../core/env.ts';
import { createLog } from '../core/log.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { createEgress } from '../egress/egress.ts';
import { keyParties, openKeys } from '../keyring/keysFromEnv.ts';
import type { ColumnRing } from '../keyring/columnKeys.ts';
import type { KeyProvider } from '../keyring/keyProvider.ts';
import { openInstanceKeys } from '../keyring/openInstanceKeys.ts';
import { type RunningServer, startServer } from '../main.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStoreFromEnv } from '../storage/storeFromEnv.ts';
import type { CommandCall } from './command.ts';

const commandLog = (env: Env) => createLog({ level: 'warn', file: env.CARMIC_LOG_FILE });

/** Runs `work` with everything a server has, and nothing listening. */
export async function withServer<T>(call: CommandCall, work: (server: RunningServer) => Promise<T>): Promise<T> {
  const env = readEnv(call.environment);
  const server = await startServer({ env: call.environment, processes: [], log: commandLog(env) });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** The root keys alone, without the database. */
export function openRootKeys(env: Env): KeyProvider {
  return openKeys(env, createEgress(keyParties(env), commandLog(env))).rootKeys;
}

/** Database, keys and storage of an installation, whatever release its schema is of. */
export interface Installation {
  db: Database;
  rootKeys: KeyProvider;
  secret: Buffer;
  columnKeys: ColumnRing;
  store: ObjectStore;
}

/** Runs `work` with an installation's parts. Throws StartError. */
export async function withInstallation<T>(env: Env, work: (installation: Installation) => Promise<T>): Promise<T> {
  const log = commandLog(env);
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 2, log });
  try {
    const { rootKeys, secret, columnKeys } = await openInstanceKeys(env, db, createEgress(keyParties(env), log));
    const clock = systemClock(env.CARMIC_CLOCK_OFFSET_MS);
    const store = await openStoreFromEnv(env, { rootKeys, secret, columnKeys, baseUrl: () => env.CARMIC_BASE_URL ?? '', clock });
    return await work({ db, rootKeys, secret, columnKeys, store });
  } finally {
    await db.close();
  }
}
