/** Ways in which a storage or the database misbehaves under a worker that deletes, each call with a chance of two in five. */
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import type { ObjectStore } from '../../server/src/storage/objectStore.ts';
import { StorageError } from '../../server/src/storage/storageError.ts';
import type { TestInstance } from './instance.ts';
import type { Fault } from './modelRun.ts';

const chance = 0.4;
/** How long a worker that may hang is waited for. */
const patienceMs = 150;

type Kind = 'is away' | 'loses its answers' | 'is slow' | 'hangs' | 'lies';

function misbehaving(store: ObjectStore, kind: Kind, random: () => number): ObjectStore {
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    if (random() >= chance || kind === 'lies') {
      return call();
    }
    switch (kind) {
      case 'is away':
        throw new StorageError('unavailable', 'The storage is away.');
      case 'loses its answers':
        await call();
        throw new StorageError('unavailable', 'The connection ended before the answer.');
      case 'is slow':
        await setTimeout(20 * random());
        return call();
      case 'hangs':
        return new Promise<never>(() => undefined);
    }
  };
  const overrides: Partial<ObjectStore> = {
    // One that lies says that it has deleted, and has not.
    delete: (keys) => (kind === 'lies' && random() < chance ? Promise.resolve() : around(() => store.delete(keys))),
    put: (...args) => around(() => store.put(...args)),
    abortMultipart: (...args) => around(() => store.abortMultipart(...args)),
    async *listVersions(prefix) {
      await around(() => Promise.resolve());
      yield* store.listVersions(prefix);
    },
  };
  return Object.assign(Object.create(store) as ObjectStore, overrides);
}

/** Faults of any storage, at its interface. */
export function storageFaults(random: () => number): Record<string, Fault> {
  const kinds: Kind[] = ['is away', 'loses its answers', 'is slow', 'hangs', 'lies'];
  return Object.fromEntries(
    kinds.map((kind): [string, Fault] => [
      `the storage ${kind}`,
      async (deps, work) => {
        const working = work({ ...deps, store: misbehaving(deps.store, kind, random) });
        // Whoever hangs is a worker that was killed: nobody waits for it, and its claim runs out.
        await (kind === 'hangs' ? Promise.race([working, setTimeout(patienceMs)]) : working);
      },
    ]),
  );
}

/** The database ends every connection of the application in the middle of the work. */
export function databaseFault(instance: TestInstance, random: () => number): Record<string, Fault> {
  return {
    async 'the database is gone'(deps, work) {
      const client = new Client({ connectionString: instance.database.superuserUrl });
      await client.connect();
      try {
        const working = work(deps);
        // Whoever waits for it sees the failure; it must not be called unhandled before.
        working.catch(() => undefined);
        await setTimeout(30 * random());
        await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
        );
        await working;
      } finally {
        await client.end();
      }
    },
  };
}
