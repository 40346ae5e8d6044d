/**
 * The archive of one person: their rows as JSON with a schema for each table, their files, the data map, and a manifest with the SHA-256 of each
 * entry. Which tables and columns are in it, the data map says, so that nothing is forgotten when a table comes. Keeps: G1, G5.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { type DataClass, dataClasses, type DataMap } from '../../core/dataMap.ts';
import { release } from '../../core/release.ts';
import type { Deps } from '../../deps.ts';
import { writeZip, zipSize, type ZipEntry } from '../../clips/exports/zip.ts';
import { isPersonal, publishDataMap } from '../publishDataMap.ts';
import { type ArchiveRow, buildTableSchema, exportRows } from './exportRows.ts';
import { readPersonScope } from './personScope.ts';

export const archiveFormat = 'carmic-archive/1';

const entrySchema = z.object({
  name: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().describe('Of the bytes, hexadecimal'),
  object: z
    .object({ id: z.uuid(), key: z.string(), contentType: z.string(), sha256: z.string(), sha256Kind: z.enum(['whole', 'composite']) })
    .optional()
    .describe('Of a file that was stored: as its row in stored_objects names it'),
});

/** The manifest of an archive: its last entry, `manifest.json`. */
export const archiveManifestSchema = z.object({
  format: z.literal(archiveFormat),
  release: z.string(),
  madeAt: z.iso.datetime(),
  personId: z.uuid(),
  entries: z.array(entrySchema),
  leftOut: z.array(z.string()).describe('Columns that are left out, and why'),
  missing: z.array(z.string()).describe('Keys of files that the storage had lost'),
});
export type ArchiveManifest = z.infer<typeof archiveManifestSchema>;
type ManifestEntry = ArchiveManifest['entries'][number];

/** An archive that can be written once. */
export interface PreparedArchive {
  sizeBytes: number;
  entryCount: number;
  write(): AsyncIterable<Buffer>;
}

const noHash = '0'.repeat(64);
const extensions: Record<string, string> = {
  'video/mp4': '.mp4',
  'video/quicktime': '.mov',
  'video/webm': '.webm',
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'application/json': '.json',
  'application/x-subrip': '.srt',
  'text/vtt': '.vtt',
  'text/x-ssa': '.ass',
  'audio/flac': '.flac',
};

/** Reads everything but the files' bytes. Throws when the person is not there. */
export async function prepareArchive(deps: Deps, map: DataMap, userId: string): Promise<PreparedArchive> {
  const texts: { name: string; text: string }[] = [];
  const objects: ArchiveRow[] = [];
  await deps.db.asSystem(async (tx) => {
    const scope = await readPersonScope(deps, tx, userId);
    for (const table of map.tables.filter(isPersonal)) {
      const rows = await exportRows(deps, tx, table, scope);
      texts.push({ name: `data/${table.name}.json`, text: pretty(rows) });
      texts.push({ name: `schemas/${table.name}.schema.json`, text: pretty(await buildTableSchema(deps, tx, table)) });
      objects.push(...(table.name === 'stored_objects' ? rows.filter((row) => row['state'] === 'ready') : []));
    }
  });
  texts.push({ name: 'data-map.json', text: pretty(publishDataMap(map)) }, { name: 'README.txt', text: readMe });
  return assemble(deps, map, userId, texts, objects);
}

async function assemble(
  deps: Deps,
  map: DataMap,
  userId: string,
  texts: readonly { name: string; text: string }[],
  objects: readonly ArchiveRow[],
): Promise<PreparedArchive> {
  const now = deps.clock.now();
  const listed: ManifestEntry[] = [];
  const missing: string[] = [];
  const entries: ZipEntry[] = [];
  const add = (entry: ManifestEntry, open: () => Promise<AsyncIterable<Buffer>>) => {
    listed.push(entry);
    entries.push({ name: entry.name, sizeBytes: entry.sizeBytes, modifiedAt: now, open: async () => hashing(await open(), entry) });
  };
  for (const { name, text } of texts) {
    const bytes = Buffer.from(text);
    add({ name, sizeBytes: bytes.length, sha256: noHash }, () => Promise.resolve(Readable.from([bytes])));
  }
  for (const row of objects) {
    const key = String(row['key']);
    const info = await deps.store.head(key);
    if (info === null) {
      missing.push(key);
      continue;
    }
    const { contentType, sha256, sha256Kind, sizeBytes } = info;
    const id = String(row['id']);
    add(
      {
        name: `media/${id}${extensions[contentType] ?? ''}`,
        sizeBytes,
        sha256: noHash,
        object: { id, key, contentType, sha256, sha256Kind },
      },
      async () => (await deps.store.get(key)).stream as AsyncIterable<Buffer>,
    );
  }
  const manifest = (): Buffer => {
    const { version } = release;
    const body = { format: archiveFormat as typeof archiveFormat, release: version, madeAt: now.toISOString(), personId: userId };
    return Buffer.from(pretty({ ...body, entries: listed, leftOut: leftOut(map), missing } satisfies ArchiveManifest));
  };
  // Hashes have all the same length, so the size is known before they are.
  entries.push({
    name: 'manifest.json',
    sizeBytes: manifest().length,
    modifiedAt: now,
    open: () => Promise.resolve(Readable.from([manifest()])),
  });
  return { sizeBytes: zipSize(entries), entryCount: entries.length, write: () => writeZip(entries) };
}

async function* hashing(source: AsyncIterable<Buffer>, entry: ManifestEntry): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  entry.sha256 = hash.digest('hex');
}

function leftOut(map: DataMap): string[] {
  return publishDataMap(map)
    .tables.filter((table) => table.isPersonal)
    .flatMap((table) =>
      table.columns
        .filter((column) => !column.isExported)
        .map((column) => `${table.name}.${column.name}: ${dataClasses[column.class as DataClass]}`),
    );
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

const readMe = `Everything that this installation of Carmic keeps about you.

data/NAME.json            records, one file for each table
schemas/NAME.schema.json  what the fields of that file are (JSON Schema 2020-12)
media/                    your files; data/stored_objects.json says what each is
data-map.json             why each field is kept, how long, and who gets it
manifest.json             the size and SHA-256 of every file

Other people's data is left out: where a field names another person it is null. Secrets (passwords, keys and their hashes) never leave the server.
An administrator of another installation can take this in with: carmic import-archive --file THIS_FILE --email YOUR_ADDRESS
`;
