import { type Clock, systemClock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import { createLog } from '../core/log.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { migrations } from '../db/migrations/index.ts';
import { findSchemaProblem } from '../db/schemaRelease.ts';
import { createEgress } from '../egress/egress.ts';
import { keyParties, openKeys } from '../keyring/keysFromEnv.ts';
import type { ColumnRing } from '../keyring/columnKeys.ts';
import type { KeyProvider } from '../keyring/keyProvider.ts';
import { openInstanceKeys } from '../keyring/openInstanceKeys.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { openStoreFromEnv } from '../storage/storeFromEnv.ts';

/** A command's log: what it has to tell goes to standard output instead. */
export const commandLog = (env: Env) => createLog({ level: 'warn', file: env.CARMIC_LOG_FILE });

/** Runs `work` with the database alone, which must be of this release: neither keys nor storage are needed. Throws StartError. */
export async function withDatabase<T>(env: Env, work: (parts: { db: Database; clock: Clock }) => Promise<T>): Promise<T> {
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 2, log: commandLog(env) });
  try {
    const problem = await findSchemaProblem(
      db,
      migrations.map(({ name }) => name),
    );
    if (problem !== null) {
      throw new StartError(problem);
    }
    return await work({ db, clock: systemClock(env.CARMIC_CLOCK_OFFSET_MS) });
  } finally {
    await db.close();
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
