/**
 * Puts a backup back into a fresh installation. The journal of deletions comes first and the rows last, in one transaction: whoever is stopped in
 * between has an empty database still, and starts again; and no row is there without the deletions that its next start repeats. Keeps: R6.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Client } from 'pg';
import { headsFile } from '../../admin/auditChain.ts';
import { systemClock } from '../../core/clock.ts';
import type { Env } from '../../core/env.ts';
import { StartError } from '../../core/errors.ts';
import { migrate, migrateDown } from '../../db/migrate.ts';
import { migrations } from '../../db/migrations/index.ts';
import { wrapColumnKeys } from '../../keyring/columnKeys.ts';
import type { KeyProvider } from '../../keyring/keyProvider.ts';
import { keys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { openDriver } from '../../storage/storeFromEnv.ts';
import { readDeletions, restoreJournal } from './deletions.ts';
import { createBodyHash, storeObject, unpackObject } from '../../storage/objectBody.ts';
import { type Manifest, readManifest, readObjectList, readSealed, type Repository, requireSealed, tablePath } from './repository.ts';
import { connectTo, loadTables, type TableRows } from './tables.ts';

/** What a restore did. */
export interface RestoreReport {
  id: string;
  takenAt: string;
  rows: number;
  objects: number;
  objectBytes: number;
  /** Objects that were deleted for good after the backup, and are left out. */
  deletedSince: number;
  /** Objects whose file is not in the backup, left out because that was allowed. */
  missingObjects: number;
  journalEntries: number;
  /** Migrations of newer releases that ran after the rows were back. */
  migrations: string[];
}

/** Restores one snapshot. Throws StartError, with nothing of the database changed, when it may not or cannot be. */
export async function restoreBackup(
  env: Env,
  rootKeys: KeyProvider,
  repository: Repository,
  options: { snapshotId: string; isDatabaseOnly: boolean; isMissingAllowed: boolean; say: (line: string) => void },
): Promise<RestoreReport> {
  const ownerUrl = env.CARMIC_MIGRATION_DATABASE_URL;
  if (ownerUrl === undefined) {
    throw new StartError('CARMIC_MIGRATION_DATABASE_URL is missing: a restore makes the tables, which only their owner may.');
  }
  const manifest = await readManifest(repository, options.snapshotId);
  requireKnownSchema(manifest);
  await requireEmptyDatabase(ownerUrl);
  const secret = Buffer.from(manifest.secret, 'base64');
  const clock = systemClock(env.CARMIC_CLOCK_OFFSET_MS);
  const store = await openDriver(env, env.CARMIC_STORAGE, { rootKeys, secret, baseUrl: () => env.CARMIC_BASE_URL ?? '', clock });
  if (!options.isDatabaseOnly) {
    await requireEmptyStore(repository, manifest, store);
    if (!options.isMissingAllowed) {
      await requireWhole(repository, manifest);
    }
  }
  const journalEntries = await restoreJournal(repository, store);
  const objects = options.isDatabaseOnly
    ? { count: 0, bytes: 0, deletedSince: 0, missing: 0 }
    : await restoreObjects(repository, manifest, store, options.say);
  await restoreHeads(env, manifest);
  const rows = await restoreDatabase(env, ownerUrl, rootKeys, repository, manifest);
  const newer = await migrate(ownerUrl, env.CARMIC_DATABASE_URL);
  return {
    id: manifest.id,
    takenAt: manifest.takenAt,
    rows,
    objects: objects.count,
    objectBytes: objects.bytes,
    deletedSince: objects.deletedSince,
    missingObjects: objects.missing,
    journalEntries,
    migrations: newer,
  };
}

function requireKnownSchema({ id, migrations: ran, release }: Manifest): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = ran.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new StartError(
      `The backup ${id} has a newer schema than this release knows (it was made by release ${release}): restore it with that release or a newer one.`,
    );
  }
}

async function requireEmptyDatabase(ownerUrl: string): Promise<void> {
  const client = await connectTo(ownerUrl);
  try {
    const { rows } = await client.query<{ name: string | null }>("SELECT to_regclass('public.users')::text AS name");
    if (rows[0]?.name == null) {
      return;
    }
    const { rows: counted } = await client.query<{ count: string }>('SELECT count(*) AS count FROM users');
    const count = Number(counted[0]?.count ?? 0);
    if (count > 0) {
      throw new StartError(
        `This installation is not empty (its database has ${count === 1 ? 'one account' : `${count} accounts`}): restore into a fresh database and storage. Nothing was changed.`,
      );
    }
  } finally {
    await client.end();
  }
}

/** What an interrupted restore of the same backup left may be there. */
async function requireEmptyStore(repository: Repository, manifest: Manifest, store: ObjectStore): Promise<void> {
  const wanted = new Set<string>();
  for await (const { path } of repository.place.list('journal/')) {
    wanted.add(path);
  }
  for await (const { key } of readObjectList(repository, manifest.id)) {
    wanted.add(key);
  }
  for await (const { key } of store.list('')) {
    if (keys.parse(key).kind !== 'probe' && !wanted.has(key)) {
      throw new StartError(
        'This installation is not empty (its storage holds objects that are not of this backup): restore into a fresh storage, or only the database with --database-only. Nothing was changed.',
      );
    }
  }
}

/** Objects whose file never was written, because the storage had lost them already, or whose file is lost. */
async function requireWhole(repository: Repository, manifest: Manifest): Promise<void> {
  const files = new Set<string>();
  for await (const { path } of repository.place.list('objects/')) {
    files.add(path);
  }
  const isDeleted = await readDeletions(repository);
  const missing: string[] = [];
  for await (const object of readObjectList(repository, manifest.id)) {
    if (!files.has(object.file) && !isDeleted(object)) {
      missing.push(object.key);
    }
  }
  if (missing.length > 0) {
    throw new StartError(
      `The backup ${manifest.id} is not whole: ${missing.length} of its ${manifest.objects.count} objects have no file (the first is ${missing[0] ?? ''}). Choose another with --snapshot, or leave them out with --allow-missing. Nothing was changed.`,
    );
  }
}

const sayEveryMs = 5000;

async function restoreObjects(repository: Repository, manifest: Manifest, store: ObjectStore, say: (line: string) => void) {
  const isDeleted = await readDeletions(repository);
  const done = { count: 0, bytes: 0, deletedSince: 0, missing: 0 };
  let saidAtMs = performance.now();
  for await (const object of readObjectList(repository, manifest.id)) {
    if (isDeleted(object)) {
      done.deletedSince += 1;
      continue;
    }
    const there = await store.head(object.key);
    if (there?.sha256 !== object.sha256) {
      const sealed = await readSealed(repository, object.file);
      if (sealed === null) {
        done.missing += 1;
        continue;
      }
      const { body, facts } = await unpackObject(object.file, sealed);
      if (facts.key !== object.key || facts.sha256 !== object.sha256) {
        throw new StartError(`The file ${object.file} of the backup holds another object than its manifest says.`);
      }
      await storeObject(store, facts, body);
    }
    done.count += 1;
    done.bytes += object.sizeBytes;
    if (performance.now() - saidAtMs > sayEveryMs) {
      saidAtMs = performance.now();
      say(`${done.count} of ${manifest.objects.count} objects, ${(done.bytes / 1e9).toFixed(2)} GB ...`);
    }
  }
  return done;
}

async function restoreHeads(env: Env, { auditHeads }: Manifest): Promise<void> {
  if (auditHeads !== '') {
    const path = headsFile({ env });
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, auditHeads, { mode: 0o600 });
  }
}

async function restoreDatabase(
  env: Env,
  ownerUrl: string,
  rootKeys: KeyProvider,
  repository: Repository,
  manifest: Manifest,
): Promise<number> {
  // What an earlier `carmic migrate` made has no row of anybody; the backup's own schema is made anew.
  await migrateDown(ownerUrl, env.CARMIC_DATABASE_URL);
  const ran = new Set(manifest.migrations);
  await migrate(ownerUrl, env.CARMIC_DATABASE_URL, { only: migrations.map(({ name }) => name).filter((name) => ran.has(name)) });
  const envelope = await rootKeys.wrap(Buffer.from(manifest.secret, 'base64'));
  const columnKeys = await wrapColumnKeys(rootKeys, manifest.columnKeys);
  const client = await connectTo(ownerUrl);
  try {
    await loadTables(client, tablesOf(repository, manifest), () => wrapKeysAnew(client, envelope, columnKeys));
  } finally {
    await client.end();
  }
  return manifest.tables.reduce((sum, { rows }) => sum + rows, 0);
}

async function wrapKeysAnew(client: Client, envelope: object, columnKeys: { name: string; value: string }): Promise<void> {
  await client.query("UPDATE instance_settings SET value = $1 WHERE name = 'instance_secret'", [JSON.stringify(envelope)]);
  await client.query('UPDATE instance_settings SET value = $1 WHERE name = $2', [columnKeys.value, columnKeys.name]);
}

function tablesOf(repository: Repository, manifest: Manifest): TableRows[] {
  return manifest.tables.map(({ columns, name, rows }) => ({ name, columns, rows, read: () => readTable(repository, manifest, name) }));
}

/** The rows of a table as COPY wrote them. Throws StartError at their end when their SHA-256 is not the manifest's. */
export async function readTable(repository: Repository, manifest: Manifest, name: string): Promise<AsyncIterable<Buffer>> {
  const wanted = manifest.tables.find((table) => table.name === name);
  const path = tablePath(manifest.id, name);
  const sealed = Readable.from(await requireSealed(repository, path));
  const zip = createGunzip();
  sealed.on('error', (error) => zip.destroy(error));
  async function* checked(): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    for await (const piece of sealed.pipe(zip) as AsyncIterable<Buffer>) {
      hash.update(piece);
      yield piece;
    }
    if (hash.digest('hex') !== wanted?.sha256) {
      throw new StartError(`The rows of ${name} in the backup are not the ones its manifest says: it is damaged.`);
    }
  }
  return checked();
}

/** Reads every byte of a snapshot and holds it against its manifest. Answers what is wrong, in sentences. */
export async function verifyBackup(
  repository: Repository,
  snapshotId: string,
): Promise<{ takenAt: string; tables: number; objects: number; objectBytes: number; deletedSince: number; problems: string[] }> {
  const manifest = await readManifest(repository, snapshotId);
  const problems: string[] = [];
  const trying = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StartError)) {
        throw error;
      }
      problems.push(error.message);
    }
  };
  for (const { name } of manifest.tables) {
    await trying(async () => {
      for await (const _ of await readTable(repository, manifest, name)) {
        // Reading to the end is the check.
      }
    });
  }
  const isDeleted = await readDeletions(repository);
  const seen = { objects: 0, objectBytes: 0, deletedSince: 0 };
  for await (const object of readObjectList(repository, manifest.id)) {
    if (isDeleted(object)) {
      seen.deletedSince += 1;
      continue;
    }
    await trying(async () => {
      const sealed = await readSealed(repository, object.file);
      if (sealed === null) {
        throw new StartError(`The file ${object.file} is missing.`);
      }
      const { body, facts } = await unpackObject(object.file, sealed);
      const hash = createBodyHash(facts);
      for await (const piece of body) {
        hash.add(piece);
      }
      if (facts.key !== object.key || !hash.isRight(object)) {
        throw new StartError(`The file ${object.file} is not the object that its manifest says.`);
      }
    });
    seen.objects += 1;
    seen.objectBytes += object.sizeBytes;
  }
  return { takenAt: manifest.takenAt, tables: manifest.tables.length, ...seen, problems };
}
