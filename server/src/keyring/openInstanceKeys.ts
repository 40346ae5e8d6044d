import { systemClock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { createLog } from '../core/log.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { createEgress, type Egress } from '../egress/egress.ts';
import { type ColumnRing, openColumnKeys } from './columnKeys.ts';
import { openInstanceSecret } from './instanceSecret.ts';
import { type EnvKeys, keyParties, openKeys } from './keysFromEnv.ts';
import { readRootKeys } from './rootKeyFile.ts';

/** What opens everything that an installation stores. */
export interface InstanceKeys extends EnvKeys {
  /** 32 bytes from which the keys of columns, indexes, signatures and links derive. */
  secret: Buffer;
  /** What columns are sealed under. */
  columnKeys: ColumnRing;
}

/** The same for a program of its own, which needs the database for nothing else. */
export async function openKeysForCommand(env: Env): Promise<InstanceKeys> {
  const log = createLog({ level: 'warn', file: env.CARMIC_LOG_FILE });
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 1, log });
  try {
    return await openInstanceKeys(env, db, createEgress(keyParties(env), log));
  } finally {
    await db.close();
  }
}

/** Opens the root keys that the environment names, and with them the installation's secret. Throws StartError. */
export async function openInstanceKeys(env: Env, db: Database, egress: Egress): Promise<InstanceKeys> {
  const keys = openKeys(env, egress);
  const fileKeys = env.CARMIC_ROOT_KEY_FILE === undefined ? [] : readRootKeys(env.CARMIC_ROOT_KEY_FILE);
  const secret = await openInstanceSecret(db, keys.rootKeys, fileKeys);
  return { ...keys, secret, columnKeys: await openColumnKeys(db, keys.rootKeys, secret, systemClock(env.CARMIC_CLOCK_OFFSET_MS)) };
}
