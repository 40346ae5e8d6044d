import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import Koa from 'koa';
import type { Clock } from '../../server/src/core/clock.ts';
import { errorWriter } from '../../server/src/http/errorWriter.ts';
import { createLog } from '../../server/src/core/log.ts';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import type { KeyProvider } from '../../server/src/keyring/keyProvider.ts';
import { deferContinue } from '../../server/src/storage/continueLater.ts';
import { type DiskStore, openDiskStore } from '../../server/src/storage/disk/diskStore.ts';
import type { PaceLimits } from '../../server/src/storage/pacedBody.ts';
import { createStorageMiddleware } from '../../server/src/storage/routes.ts';
import type { ServedStore } from '../../server/src/storage/servedStore.ts';
import type { StoreUnderTest } from './objectStoreSuite.ts';

/** A disk store on a temporary directory, its URLs served by a real HTTP server. */
export interface DiskHarness extends StoreUnderTest {
  readonly store: DiskStore;
  dataDir: string;
  rootKey: Buffer;
  /** Keys that may no longer be read, as if their rows were deleted. */
  unreadable: Set<string>;
  /** Ids of rows that may no longer be written. */
  unwritable: Set<string>;
  logged: { details: object; message: string }[];
  server: Server;
  advanceSeconds(seconds: number): void;
  close(keeping?: { keepsData: boolean }): Promise<void>;
}

export interface DiskHarnessOptions {
  minimumFreeBytes?: number;
  rootKey?: Buffer;
  rootKeys?: KeyProvider;
  /** The data directory of another harness, as for a second process. */
  dataDir?: string;
  pace?: PaceLimits;
}

/** Starts a disk store with a clock that can be moved. */
export async function startDiskHarness(options: DiskHarnessOptions = {}): Promise<DiskHarness> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'carmic-store-')));
  const rootKey = options.rootKey ?? randomBytes(32);
  const rootKeys = options.rootKeys ?? createFixedKeys(() => [rootKey]);
  let offsetMs = 0;
  let port = 0;
  const clock: Clock = { now: () => new Date(Date.now() + offsetMs) };
  const baseUrl = () => `http://127.0.0.1:${port}`;
  const open = () =>
    openDiskStore({ dataDir, secret: rootKey, rootKeys, baseUrl, clock, minimumFreeBytes: options.minimumFreeBytes ?? 0, keyGraceMs: 0 });
  let store = await open();
  const unreadable = new Set<string>();
  const unwritable = new Set<string>();
  const logged: DiskHarness['logged'] = [];
  const { port: listening, server } = await serveStore(() => store, { unreadable, unwritable, logged, pace: options.pace });
  port = listening;
  return {
    get store() {
      return store;
    },
    dataDir,
    rootKey,
    unreadable,
    unwritable,
    logged,
    server,
    advanceSeconds(seconds) {
      offsetMs += seconds * 1000;
    },
    async restart() {
      store = await open();
    },
    async close(keeping) {
      await closeServer(server);
      if (keeping?.keepsData !== true) {
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  };
}

/** What a test says of objects that the real server would ask its rows about. */
export interface ServedFacts {
  unreadable: ReadonlySet<string>;
  unwritable: ReadonlySet<string>;
  logged: DiskHarness['logged'];
  pace?: PaceLimits | undefined;
}

/** Answers a store's signed URLs over real HTTP, as the server does. */
export async function serveStore(store: () => ServedStore, facts: ServedFacts): Promise<{ port: number; server: Server }> {
  const app = new Koa();
  app.silent = true;
  app.use(async (context, next) => {
    context.state['requestId'] = randomUUID();
    await next();
  });
  app.use(errorWriter(createLog({ level: 'silent' })));
  app.use((context, next) =>
    createStorageMiddleware({
      store: store(),
      readableSeconds: (key) => Promise.resolve(facts.unreadable.has(key) ? 0 : Number.POSITIVE_INFINITY),
      mayWrite: ({ objectId }) => Promise.resolve(objectId === undefined || !facts.unwritable.has(objectId)),
      log: { error: (details, message) => facts.logged.push({ details, message }) },
      pace: facts.pace,
    })(context, next),
  );
  const handler = app.callback();
  const server = createServer({ requestTimeout: 0 }, handler);
  deferContinue(server, handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

/** Ends a test's server and everything that hangs on it. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
