/**
 * What lies in a place of backups. Keeps: S1.
 *
 *   carmic-backup.json             which installation's, and the key of everything else, wrapped by the root key; the only file in the clear
 *   snapshots/<id>/tables/<name>   rows of one table, as COPY writes them, compressed
 *   snapshots/<id>/objects         the stored objects of that moment, one JSON line each
 *   snapshots/<id>/manifest        written last: a snapshot without it does not exist
 *   objects/<key>.<mark>           stored objects, shared by all snapshots
 *   journal/<day>/<id>             deletions, of all times
 *
 * The root key itself is never in it. Whoever has only the backup can open nothing.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { StartError } from '../../core/errors.ts';
import { KeyError, type KeyProvider } from '../../keyring/keyProvider.ts';
import { openFile, sealFile } from './sealedFile.ts';
import type { BackupPlace } from './backupPlace.ts';

const markFile = 'carmic-backup.json';
const markSchema = z.object({ format: z.literal(1), id: z.uuid(), key: z.object({ keyId: z.string(), wrapped: z.string() }) });

/** One stored object in a backup. */
export const listedObjectSchema = z.object({
  key: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string(),
  /** Name of its file below `objects/`. */
  file: z.string(),
  objectId: z.uuid(),
  videoId: z.uuid().nullable(),
  renditionId: z.uuid().nullable(),
  clipId: z.uuid().nullable(),
});
export type ListedInBackup = z.infer<typeof listedObjectSchema>;

const sizedSchema = z.object({ sizeBytes: z.number().int().nonnegative(), sha256: z.string() });

/** What a snapshot holds, with the SHA-256 of everything before it was sealed. */
export const manifestSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  takenAt: z.iso.datetime(),
  release: z.string(),
  migrations: z.array(z.string()),
  /** The installation's secret, so that a restore needs today's root key only. */
  secret: z.string(),
  /** The keys of columns that do not derive from it. */
  columnKeys: z.array(z.object({ version: z.number().int(), writesFrom: z.string(), key: z.string() })).default([]),
  tables: z.array(sizedSchema.extend({ name: z.string(), columns: z.array(z.string()), rows: z.number().int() })),
  objects: sizedSchema.extend({ count: z.number().int(), objectBytes: z.number().int() }),
  /** The signed heads of the audit log. */
  auditHeads: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** A place of backups whose key is open. */
export interface Repository {
  readonly place: BackupPlace;
  readonly key: Buffer;
}

/** Opens a place of backups; with `isNew` one is made where none is. Throws StartError when it belongs to another root key. */
export async function openRepository(place: BackupPlace, rootKeys: KeyProvider, isNew: boolean): Promise<Repository> {
  const content = await place.read(markFile);
  if (content === null) {
    if (!isNew) {
      throw new StartError(`There is no backup of Carmic in ${place.name}.`);
    }
    const key = randomBytes(32);
    await writeMark(place, { format: 1, id: randomUUID(), key: await rootKeys.wrap(key) });
    return { place, key };
  }
  const mark = parseMark(place, await textOf(content));
  try {
    const key = await rootKeys.unwrap(mark.key);
    if (isNew && mark.key.keyId !== (await rootKeys.currentKeyId())) {
      await writeMark(place, { ...mark, key: await rootKeys.rewrap(mark.key) });
    }
    return { place, key };
  } catch (error) {
    if (error instanceof KeyError && (error.code === 'unknown_key' || error.code === 'damaged')) {
      throw new StartError(
        `The root key does not open the backups in ${place.name}: they were made under another one. Put the root key of that time into CARMIC_ROOT_KEY_FILE (it may stand on a line below the present one).`,
      );
    }
    throw error instanceof KeyError ? new StartError(error.message) : error;
  }
}

function parseMark(place: BackupPlace, text: string): z.infer<typeof markSchema> {
  try {
    return markSchema.parse(JSON.parse(text));
  } catch {
    throw new StartError(`${markFile} in ${place.name} is damaged, or was written by a newer Carmic.`);
  }
}

async function writeMark(place: BackupPlace, mark: z.infer<typeof markSchema>): Promise<void> {
  await place.write(markFile, Readable.from([Buffer.from(`${JSON.stringify(mark, null, 1)}\n`)]));
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Encrypts and writes one file. */
export function writeSealed(
  { place, key }: Repository,
  path: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  return place.write(path, sealFile(key, path, source));
}

/** The plain bytes of one file; null when there is none. */
export async function readSealed({ place, key }: Repository, path: string): Promise<AsyncIterable<Buffer> | null> {
  const source = await place.read(path);
  return source === null ? null : openFile(key, path, source);
}

/** The same for a file that has to be there. */
export async function requireSealed(repository: Repository, path: string): Promise<AsyncIterable<Buffer>> {
  const source = await readSealed(repository, path);
  if (source === null) {
    throw new StartError(`The backup in ${repository.place.name} is not whole: its file ${path} is missing.`);
  }
  return source;
}

/** Writes a manifest, which makes its snapshot exist. */
export async function writeManifest(repository: Repository, manifest: Manifest): Promise<void> {
  await writeSealed(repository, manifestPath(manifest.id), [Buffer.from(JSON.stringify(manifest))]);
}

/** Reads the manifest of a snapshot. Throws StartError when it is missing, damaged, or of a form that this release does not know. */
export async function readManifest(repository: Repository, id: string): Promise<Manifest> {
  const text = await textOf(await requireSealed(repository, manifestPath(id)));
  const parsed = manifestSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new StartError(`The backup ${id} was written by a newer Carmic: restore it with that release or a newer one.`);
  }
  return parsed.data;
}

export const manifestPath = (id: string) => `snapshots/${id}/manifest`;
export const tablePath = (id: string, table: string) => `snapshots/${id}/tables/${table}`;
export const objectsPath = (id: string) => `snapshots/${id}/objects`;

/** The name of an object's file: its key, and a mark that tells another content of the same key apart without telling its hash. */
export function objectFile({ key: backupKey }: Repository, key: string, sha256: string): string {
  return `objects/${key}.${createHmac('sha256', backupKey).update(`${key}\n${sha256}`).digest('hex').slice(0, 16)}`;
}

/** Ids of the whole snapshots of a place, oldest first. */
export async function listSnapshots(place: BackupPlace): Promise<string[]> {
  const ids: string[] = [];
  for await (const { path } of place.list('snapshots/')) {
    const [, id] = /^snapshots\/([^/]+)\/manifest$/.exec(path) ?? [];
    if (id !== undefined) {
      ids.push(id);
    }
  }
  return ids.sort();
}

/** When a snapshot was taken, as its id says it. */
export function snapshotTime(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z.*$/, '$1-$2-$3T$4:$5:$6.$7Z'));
}

/** A new id that sorts by its time. */
export function newSnapshotId(now: Date): string {
  return `${now.toISOString().replaceAll(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** The objects of a snapshot, one after the other. */
export async function* readObjectList(repository: Repository, id: string): AsyncGenerator<ListedInBackup> {
  const lines = createInterface({
    input: Readable.from(await requireSealed(repository, objectsPath(id))),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) {
    if (line !== '') {
      yield listedObjectSchema.parse(JSON.parse(line));
    }
  }
}
