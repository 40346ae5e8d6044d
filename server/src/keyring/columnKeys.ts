/**
 * The keys under which columns are sealed, by version. The first derives from the installation's secret; each further one is 32 random bytes of its own, wrapped
 * by the root key in the database, so that a secret that became known opens nothing that was sealed anew. Keeps: S1.
 *
 * Every process reads the keys again from time to time, and a new one is written with only after every process must have read it. Former keys stay: they open
 * what is in mails and backups.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { addSeconds } from '../core/clock.ts';
import { type ColumnKeys, firstColumnKey, firstColumnKeys } from '../core/crypto.ts';
import { StartError } from '../core/errors.ts';
import type { Database, Tx } from '../db/database.ts';
import type { KeyProvider } from './keyProvider.ts';

const settingName = 'column_keys';
/** A version is one byte of every sealed value. */
const lastVersion = 255;
/** How often processes read the keys again. */
const refreshSeconds = 20;
/** How long a new key is known before it is written with: three times what a process needs to learn of it. */
export const headStartSeconds = 3 * refreshSeconds;

const rowSchema = z.array(
  z.object({
    version: z.number().int().min(2).max(lastVersion),
    writesFrom: z.iso.datetime(),
    envelope: z.object({ keyId: z.string(), wrapped: z.string() }),
  }),
);
type Row = z.infer<typeof rowSchema>;

/** One further key as a backup carries it, opened. */
export interface OpenColumnKey {
  version: number;
  writesFrom: string;
  /** Base64. */
  key: string;
}

/** The keys of one process. */
export interface ColumnRing extends ColumnKeys {
  /** Reads them again. */
  refresh(): Promise<void>;
  /** Reads them again from time to time until the returned function is called; `onFailure` hears what went wrong. */
  keepFresh(onFailure: (error: unknown) => void): () => void;
  /** From when a later key is written with instead of this one; null while there is none. */
  replacedAt(version: number): Date | null;
  /** The further keys, for a backup. */
  further(): readonly OpenColumnKey[];
}

async function readRow(db: Database, tx: Tx): Promise<Row> {
  const [row] = await db.rows<{ value: unknown }>(tx, 'SELECT value FROM instance_settings WHERE name = :settingName', { settingName });
  return row === undefined ? [] : rowSchema.parse(row.value);
}

async function writeRow(db: Database, tx: Tx, row: Row): Promise<void> {
  await db.change(
    tx,
    `INSERT INTO instance_settings (name, value) VALUES (:settingName, CAST(:value AS jsonb))
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    { settingName, value: JSON.stringify(row) },
  );
}

const lock = (db: Database, tx: Tx) => db.rows(tx, 'SELECT pg_advisory_xact_lock(723441)');

/** Opens the keys of columns. */
export async function openColumnKeys(db: Database, rootKeys: KeyProvider, secret: Uint8Array, clock: Clock): Promise<ColumnRing> {
  const first = firstColumnKeys(secret);
  const keys = new Map<number, { key: Buffer; writesFrom: Date }>();
  const refresh = async () => {
    for (const { version, writesFrom, envelope } of await db.asSystem((tx) => readRow(db, tx))) {
      if (!keys.has(version)) {
        keys.set(version, { key: await rootKeys.unwrap(envelope), writesFrom: new Date(writesFrom) });
      }
    }
  };
  await refresh();
  return {
    refresh,
    writing() {
      const now = clock.now();
      const ready = [...keys].filter(([, { writesFrom }]) => writesFrom <= now).sort(([a], [b]) => b - a);
      const [newest] = ready;
      return newest === undefined ? first.writing() : { version: newest[0], key: newest[1].key };
    },
    opening: (version) => (version === firstColumnKey ? first.opening(version) : keys.get(version)?.key),
    keepFresh(onFailure) {
      const timer = setInterval(() => void refresh().catch(onFailure), refreshSeconds * 1000);
      timer.unref();
      return () => clearInterval(timer);
    },
    replacedAt(version) {
      const later = [...keys].filter(([each]) => each > version).map(([, { writesFrom }]) => writesFrom.getTime());
      return later.length === 0 ? null : new Date(Math.min(...later));
    },
    further: () =>
      [...keys].map(([version, { key, writesFrom }]) => ({ version, writesFrom: writesFrom.toISOString(), key: key.toString('base64') })),
  };
}

/** Makes a further key, which is written with after the head start. Answers its version. Throws StartError when all versions are used up. */
export async function addColumnKey(db: Database, rootKeys: KeyProvider, clock: Clock, headStart: number): Promise<number> {
  const envelope = await rootKeys.wrap(randomBytes(32));
  return db.asSystem(async (tx) => {
    await lock(db, tx);
    const row = await readRow(db, tx);
    const version = Math.max(firstColumnKey, ...row.map((each) => each.version)) + 1;
    if (version > lastVersion) {
      throw new StartError('Columns have been sealed anew 254 times, which is as often as it goes.');
    }
    await writeRow(db, tx, [...row, { version, writesFrom: addSeconds(clock.now(), headStart).toISOString(), envelope }]);
    return version;
  });
}

/** Puts the envelopes of the keys under the current root key. Answers how many needed it. */
export async function rewrapColumnKeys(db: Database, rootKeys: KeyProvider): Promise<number> {
  const currentKeyId = await rootKeys.currentKeyId();
  const before = await db.asSystem((tx) => readRow(db, tx));
  const former = before.filter(({ envelope }) => envelope.keyId !== currentKeyId);
  if (former.length === 0) {
    return 0;
  }
  const made = new Map<number, Row[number]['envelope']>();
  for (const { version, envelope } of former) {
    made.set(version, await rootKeys.rewrap(envelope));
  }
  await db.asSystem(async (tx) => {
    await lock(db, tx);
    const row = await readRow(db, tx);
    await writeRow(
      db,
      tx,
      row.map((each) => ({ ...each, envelope: made.get(each.version) ?? each.envelope })),
    );
  });
  return former.length;
}

/** The row of a restored installation, whose root key may be another than that of the backup. */
export async function wrapColumnKeys(rootKeys: KeyProvider, further: readonly OpenColumnKey[]): Promise<{ name: string; value: string }> {
  const row: Row = [];
  for (const { version, writesFrom, key } of further) {
    row.push({ version, writesFrom, envelope: await rootKeys.wrap(Buffer.from(key, 'base64')) });
  }
  return { name: settingName, value: JSON.stringify(row) };
}
