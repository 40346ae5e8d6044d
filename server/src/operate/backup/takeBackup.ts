/**
 * Takes a backup. The rows come from one unchanging view of the database; the objects that they name are copied after it, those that are in the
 * place already are not copied again. An object is written once under its key and never changed, so both fit together. What is deleted meanwhile
 * is in the journal of deletions, which is copied last: a restore repeats it.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Client } from 'pg';
import type { Clock } from '../../core/clock.ts';
import type { Env } from '../../core/env.ts';
import { StartError } from '../../core/errors.ts';
import { release } from '../../core/release.ts';
import { headsFile } from '../../admin/auditChain.ts';
import type { ColumnRing } from '../../keyring/columnKeys.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import { StorageError } from '../../storage/storageError.ts';
import { isCode } from '../failures.ts';
import { copyJournal } from './deletions.ts';
import { packObject } from '../../storage/objectBody.ts';
import { pruneBackups } from './pruneBackups.ts';
import {
  type ListedInBackup,
  type Manifest,
  newSnapshotId,
  objectFile,
  objectsPath,
  readObjectList,
  type Repository,
  tablePath,
  writeManifest,
  writeSealed,
} from './repository.ts';
import { dataMap } from '../../dataMap.ts';
import { connectTo, copyOut, inSnapshot, listMigrations, listTables } from './tables.ts';

/** What a backup is taken of. */
export interface BackupSource {
  env: Env;
  clock: Clock;
  /** A role that may read every row: the application's, or the owner's. */
  databaseUrl: string;
  store: ObjectStore;
  /** The installation's secret. */
  secret: Uint8Array;
  columnKeys: ColumnRing;
}

/** What one backup did. */
export interface BackupReport {
  id: string;
  rows: number;
  objects: number;
  copiedObjects: number;
  copiedBytes: number;
  /** Objects that have a row and no bytes, or damaged ones: the storage needs looking after. */
  problems: string[];
  removedSnapshots: number;
  removedObjects: number;
}

/** Reports of statistics live for a day at most; in a backup they would live on. */
const shortLived: ReadonlySet<string> = new Set(
  dataMap.tables.filter(({ retention, purpose }) => retention === 'day' && purpose === 'statistics').map(({ name }) => name),
);
const objectsAtOnce = 4;
const listBatch = 2000;

/** Takes one backup. Throws StartError. */
export async function takeBackup(
  source: BackupSource,
  repository: Repository,
  options: { isDatabaseOnly: boolean; keep: number },
): Promise<BackupReport> {
  const id = newSnapshotId(source.clock.now());
  const takenAt = source.clock.now().toISOString();
  // Before the rows, so that no head stands for more events than they have.
  const auditHeads = await readHeads(source.env);
  const { migrations, tables, objects } = await copyDatabase(source, repository, id);
  const copied = options.isDatabaseOnly ? { count: 0, bytes: 0, problems: [] } : await copyObjects(source, repository, id);
  await copyJournal(source.store, repository);
  const secret = Buffer.from(source.secret).toString('base64');
  // After the rows: each key that a row needs was made before the row.
  await source.columnKeys.refresh();
  const columnKeys = [...source.columnKeys.further()];
  await writeManifest(repository, {
    format: 1,
    id,
    takenAt,
    release: release.version,
    migrations,
    secret,
    columnKeys,
    tables,
    objects,
    auditHeads,
  });
  const removed = await pruneBackups(repository, options.keep, source.clock.now());
  return {
    id,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    objects: objects.count,
    copiedObjects: copied.count,
    copiedBytes: copied.bytes,
    problems: copied.problems,
    removedSnapshots: removed.snapshots,
    removedObjects: removed.objects,
  };
}

async function readHeads(env: Env): Promise<string> {
  try {
    return await readFile(headsFile({ env }), 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) {
      return '';
    }
    throw error;
  }
}

async function copyDatabase(
  { databaseUrl }: BackupSource,
  repository: Repository,
  id: string,
): Promise<Pick<Manifest, 'migrations' | 'tables' | 'objects'>> {
  const client = await connectTo(databaseUrl);
  try {
    return await inSnapshot(client, async () => {
      const migrations = await listMigrations(client);
      const tables: Manifest['tables'] = [];
      for (const table of (await listTables(client)).filter(({ name }) => !shortLived.has(name))) {
        let facts = { rows: 0, sizeBytes: 0, sha256: '' };
        const rows = Readable.from(
          copyOut(client, table, (found) => {
            facts = found;
          }),
        );
        const zip = createGzip({ level: 1 });
        rows.on('error', (error) => zip.destroy(error));
        await writeSealed(repository, tablePath(id, table.name), rows.pipe(zip));
        tables.push({ ...table, ...facts });
      }
      return { migrations, tables, objects: await writeObjectList(client, repository, id) };
    });
  } finally {
    await client.end();
  }
}

interface ObjectRow {
  id: string;
  key: string;
  size_bytes: string;
  sha256: string;
  video_id: string | null;
  rendition_id: string | null;
  clip_id: string | null;
}

async function writeObjectList(client: Client, repository: Repository, id: string): Promise<Manifest['objects']> {
  const hash = createHash('sha256');
  const facts = { count: 0, objectBytes: 0, sizeBytes: 0 };
  async function* lines(): AsyncGenerator<Buffer> {
    for (let after = ''; ;) {
      const { rows } = await client.query<ObjectRow>(
        `SELECT o.id, o.key, o.size_bytes, o.sha256, o.video_id, o.rendition_id, r.clip_id
         FROM stored_objects o LEFT JOIN renditions r ON r.id = o.rendition_id
         WHERE o.state = 'ready' AND o.sha256 IS NOT NULL AND o.key > $1 ORDER BY o.key LIMIT $2`,
        [after, listBatch],
      );
      for (const row of rows) {
        const line = Buffer.from(`${JSON.stringify(listed(repository, row))}\n`);
        hash.update(line);
        facts.count += 1;
        facts.objectBytes += Number(row.size_bytes);
        facts.sizeBytes += line.length;
        yield line;
      }
      const last = rows.at(-1);
      if (last === undefined) {
        return;
      }
      after = last.key;
    }
  }
  await writeSealed(repository, objectsPath(id), lines());
  return { ...facts, sha256: hash.digest('hex') };
}

function listed(repository: Repository, row: ObjectRow): ListedInBackup {
  return {
    key: row.key,
    sizeBytes: Number(row.size_bytes),
    sha256: row.sha256,
    file: objectFile(repository, row.key, row.sha256),
    objectId: row.id,
    videoId: row.video_id,
    renditionId: row.rendition_id,
    clipId: row.clip_id,
  };
}

async function copyObjects(source: BackupSource, repository: Repository, id: string) {
  const there = new Set<string>();
  for await (const { path } of repository.place.list('objects/')) {
    there.add(path);
  }
  const report = { count: 0, bytes: 0, problems: [] as string[] };
  const queue = readObjectList(repository, id);
  const work = async () => {
    for (let next = await queue.next(); next.done !== true; next = await queue.next()) {
      const object = next.value;
      if (!there.has(object.file)) {
        await copyObject(source, repository, object, report);
      }
    }
  };
  await Promise.all(Array.from({ length: objectsAtOnce }, work));
  return report;
}

async function copyObject(
  source: BackupSource,
  repository: Repository,
  object: ListedInBackup,
  report: { count: number; bytes: number; problems: string[] },
): Promise<void> {
  const { store } = source;
  try {
    const info = await store.head(object.key);
    if (info === null || info.sha256 !== object.sha256) {
      throw new StorageError('not_found', 'The storage does not hold what the row says.');
    }
    await writeSealed(repository, object.file, packObject(store, info));
    report.count += 1;
    report.bytes += info.sizeBytes;
  } catch (error) {
    const isOfObject = (error instanceof StorageError && (error.code === 'not_found' || error.code === 'corrupt')) || isDamage(error);
    if (!isOfObject) {
      throw error instanceof StorageError ? new StartError(error.message) : error;
    }
    // Deleted since the rows were read: then it is in no restore either.
    if (await isStillWanted(source, object)) {
      report.problems.push(`${object.key}: ${error.message}`);
    }
  }
}

function isDamage(error: unknown): error is StartError {
  return error instanceof StartError && error.message.startsWith('The stored object');
}

async function isStillWanted({ databaseUrl }: BackupSource, { objectId }: ListedInBackup): Promise<boolean> {
  const client = await connectTo(databaseUrl);
  try {
    return await inSnapshot(client, async () => {
      const { rowCount } = await client.query(
        `SELECT 1 FROM stored_objects o LEFT JOIN videos v ON v.id = o.video_id
         WHERE o.id = $1 AND o.state = 'ready' AND v.deleted_at IS NULL`,
        [objectId],
      );
      return rowCount === 1;
    });
  } finally {
    await client.end();
  }
}
