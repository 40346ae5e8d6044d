/**
 * Replaces the root key or the key of a workspace while the server runs: only the wrapping of keys is written anew, never an object's body. And
 * the key of columns: every sealed value of the database is sealed anew. Keeps: S1.
 */
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../core/clock.ts';
import { createSealer } from '../core/crypto.ts';
import { type Env, readEnv } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import { createLog } from '../core/log.ts';
import { dataMap } from '../dataMap.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { migrations } from '../db/migrations/index.ts';
import { findSchemaProblem } from '../db/schemaRelease.ts';
import { createEgress } from '../egress/egress.ts';
import { addColumnKey, headStartSeconds } from '../keyring/columnKeys.ts';
import { KeyError } from '../keyring/keyProvider.ts';
import { keyParties } from '../keyring/keysFromEnv.ts';
import { type InstanceKeys, openInstanceKeys } from '../keyring/openInstanceKeys.ts';
import { beginRootKey, finishRootKey } from '../keyring/rootKeyFile.ts';
import { openDriver } from '../storage/storeFromEnv.ts';
import { StorageError } from '../storage/storageError.ts';
import { type ResealReport, resealColumns, sealedColumns } from './resealColumns.ts';
import { type KeyHolders, needsFormerRootKey, tidyKeys } from '../storage/tidyKeys.ts';

/** What is to be replaced. */
export interface RotateOptions {
  /** A workspace whose key is replaced; without one it is the root key. */
  workspaceId?: string | undefined;
  /** Goes on with what was begun, and begins nothing. */
  isFinishing: boolean;
}

/** How columns are sealed anew. */
export interface ResealOptions {
  /** Goes on with the newest key, and makes none. */
  isFinishing: boolean;
  /** How long servers have to learn of a new key before it is written with; other than in tests not to be chosen. */
  headStartSeconds?: number;
}

const longestPauseMs = 5000;
const longestWaitMs = 10 * 60_000;

/** Replaces keys and answers when nothing hangs on the former ones. `say` gets a line for the operator. Throws StartError. */
export async function rotateKeys(
  environment: Record<string, string | undefined>,
  options: RotateOptions,
  say: (line: string) => void,
): Promise<void> {
  const env = readEnv(environment);
  const log = createLog({ level: 'warn', file: env.CARMIC_LOG_FILE });
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 2, log });
  try {
    const keys = await openInstanceKeys(env, db, createEgress(keyParties(env), log));
    const surroundings = { ...keys, baseUrl: () => env.CARMIC_BASE_URL ?? '', clock: systemClock(env.CARMIC_CLOCK_OFFSET_MS) };
    const store = await openDriver(env, env.CARMIC_STORAGE, surroundings);
    const holders = { db, rootKeys: keys.rootKeys, store };
    await requireWorkspace(db, options.workspaceId);
    await begin(env, keys, holders, options);
    await finish(holders, say);
    if (options.workspaceId === undefined) {
      await endRootKey(keys, holders, say);
    }
  } catch (error) {
    throw error instanceof KeyError || error instanceof StorageError ? new StartError(error.message) : error;
  } finally {
    await db.close();
  }
}

/** Makes a new key of columns, waits until every server must know it, and seals everything anew under it. Throws StartError. */
export async function rotateColumnKey(
  environment: Record<string, string | undefined>,
  { isFinishing, headStartSeconds: headStart = headStartSeconds }: ResealOptions,
  say: (line: string) => void,
): Promise<ResealReport> {
  const env = readEnv(environment);
  const log = createLog({ level: 'warn', file: env.CARMIC_LOG_FILE });
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 2, log });
  const clock = systemClock(env.CARMIC_CLOCK_OFFSET_MS);
  try {
    const problem = await findSchemaProblem(
      db,
      migrations.map(({ name }) => name),
    );
    if (problem !== null) {
      throw new StartError(problem);
    }
    const { columnKeys, rootKeys, secret } = await openInstanceKeys(env, db, createEgress(keyParties(env), log));
    const newest = () => columnKeys.further().at(-1);
    if (!isFinishing) {
      await addColumnKey(db, rootKeys, clock, headStart);
      await columnKeys.refresh();
    }
    const key = newest();
    if (key === undefined) {
      throw new StartError('No key of columns was begun with: leave --finish out.');
    }
    const waitMs = new Date(key.writesFrom).getTime() - clock.now().getTime();
    if (waitMs > 0) {
      say(`Key ${key.version} of columns is made. It is used in ${Math.ceil(waitMs / 1000)} seconds, when every server must know it.`);
      await setTimeout(waitMs);
    }
    return await resealColumns(db, createSealer(secret, columnKeys), key.version, sealedColumns(dataMap), say);
  } catch (error) {
    throw error instanceof KeyError ? new StartError(error.message) : error;
  } finally {
    await db.close();
  }
}

/** A key would be made for whatever is named. */
async function requireWorkspace(db: Database, id: string | undefined): Promise<void> {
  const find = () => db.asSystem((tx) => db.rows(tx, 'SELECT 1 FROM workspaces WHERE id::text = lower(:id)', { id }));
  if (id !== undefined && (await find()).length === 0) {
    throw new StartError(`There is no workspace ${id}: name one by its id.`);
  }
}

async function begin(env: Env, keys: InstanceKeys, { store }: KeyHolders, { isFinishing, workspaceId }: RotateOptions): Promise<void> {
  if (isFinishing) {
    return;
  }
  if (workspaceId !== undefined) {
    if (store.keys === undefined) {
      throw new StartError(
        `Objects in ${env.CARMIC_STORAGE} are encrypted by that storage, or with keys that derive from the installation's secret: a workspace has no key there that could be replaced.`,
      );
    }
    await store.keys.renew(workspaceId);
  } else if (keys.currentFile !== null) {
    await beginRootKey(keys.currentFile);
  } else {
    await keys.vault?.addVersion();
  }
}

/** Goes over the keys until no former one has to wait: until every server must have seen the newer one. */
async function finish(holders: KeyHolders, say: (line: string) => void): Promise<void> {
  const giveUpAtMs = performance.now() + longestWaitMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const report = await tidyKeys(holders);
    if (report.rewrappedKeys + report.rewrappedObjects + report.destroyedKeys > 0) {
      say(
        `${report.rewrappedKeys} keys put under the current root key, ${report.rewrappedObjects} objects' keys under their workspaces' newest, ` +
          `${report.destroyedKeys} former keys destroyed.`,
      );
    }
    if (report.waitingKeys === 0) {
      return;
    }
    if (performance.now() > giveUpAtMs) {
      throw new StartError(`${report.waitingKeys} former keys of workspaces are still in use; the server goes on with them every hour.`);
    }
    await setTimeout(pauseMs);
  }
}

/** The former root key goes when nothing hangs on it. */
async function endRootKey({ currentFile, rootKeys }: InstanceKeys, holders: KeyHolders, say: (line: string) => void): Promise<void> {
  if (await needsFormerRootKey(holders)) {
    throw new StartError('Something still hangs on a former root key: run this again with --finish.');
  }
  if (currentFile !== null) {
    await finishRootKey(currentFile);
    say(`Everything hangs on the first key in ${currentFile} now; the former key is removed from it.`);
    say('Backups of the database and of the objects from before need the former key: make new ones now.');
    return;
  }
  say(
    `Everything hangs on ${await rootKeys.currentKeyId()} now. Older versions of that key, and a former key file, are needed for older backups only.`,
  );
}
