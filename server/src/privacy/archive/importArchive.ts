/**
 * Takes an archive in: a person's workspaces with their videos, edits, transcripts and renditions, under the numbers they had. The files come first and
 * the rows last, in one transaction, so that whoever is stopped in between has nothing half; files without rows are removed by the daily comparison.
 * What belongs to the installation (sessions, invoices, events, work in progress) is not taken in. Keeps: G5.
 */
import { createHash } from 'node:crypto';
import { Users } from '../../accounts/model.ts';
import { createWorkspace } from '../../accounts/createWorkspace.ts';
import type { DataMap, TableData } from '../../core/dataMap.ts';
import { StartError } from '../../core/errors.ts';
import { hashSecret } from '../../core/crypto.ts';
import { newId, newSecret } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { type Labels, tokensOfLabels } from '../../library/labels.ts';
import { recountStorage } from '../../plans/quota.ts';
import { keys } from '../../storage/keys.ts';
import { storeObject } from '../../storage/objectBody.ts';
import { applyRetention } from '../../retention/expiry.ts';
import { tokenOfTerm } from '../../understanding/glossary/glossary.ts';
import { archiveFormat, type ArchiveManifest, archiveManifestSchema } from './buildArchive.ts';
import { archiveColumns, type ArchiveRow } from './exportRows.ts';
import { openZip, type ZipFile } from './readZip.ts';

/** What was taken in. */
export interface ImportReport {
  workspaces: number;
  videos: number;
  /** Videos that were in the middle of something. */
  skippedVideos: number;
  objects: number;
  objectBytes: number;
  rows: number;
}

/** Tables that are taken in, those that others refer to first; each is of videos (by this column) or of workspaces. */
const taken: readonly { table: string; video?: string; clip?: string }[] = [
  { table: 'videos', video: 'id' },
  { table: 'clips', video: 'video_id' },
  { table: 'clip_edits', clip: 'clip_id' },
  { table: 'clip_links', clip: 'clip_id' },
  { table: 'clip_comments', clip: 'clip_id' },
  { table: 'renditions', video: 'video_id' },
  { table: 'stored_objects', video: 'video_id' },
  { table: 'transcripts', video: 'video_id' },
  { table: 'transcript_edits', video: 'video_id' },
  { table: 'translations', video: 'video_id' },
  { table: 'video_chapters', video: 'video_id' },
  { table: 'safety_verdicts', video: 'video_id' },
  { table: 'clip_safety', video: 'video_id' },
  { table: 'safety_reviews', video: 'video_id' },
  { table: 'brand_kits' },
  { table: 'brand_assets' },
  { table: 'glossary_terms' },
];

const wholeStates = new Set(['ready', 'failed']);
const wholeRenditions = new Set(['ready', 'failed', 'cancelled']);

/** Takes an archive in for the account with this address. Throws StartError, with no row changed, when it may not or cannot be. */
export async function importArchive(deps: Deps, map: DataMap, options: { file: string; email: string }): Promise<ImportReport> {
  const zip = await openZip(options.file);
  try {
    const manifest = await readManifest(zip);
    const data = await readData(zip, manifest, map);
    const chosen = choose(data);
    await requireNew(deps, chosen);
    const objects = await storeObjects(deps, zip, manifest, chosen.objects);
    try {
      const rows = await deps.db.asSystem((tx) => writeRows(deps, tx, map, { ...options, manifest, data, chosen }));
      await Promise.all(
        [...chosen.videoWorkspaces].map(([videoId, workspaceId]) => deps.jobs.enqueue('search.index', { workspaceId, videoId })),
      );
      return {
        workspaces: chosen.workspaces.length,
        videos: chosen.videoWorkspaces.size,
        skippedVideos: chosen.skippedVideos,
        ...objects,
        rows,
      };
    } catch (error) {
      await deps.store.delete(chosen.objects.map((row) => String(row['key'])));
      throw error;
    }
  } finally {
    await zip.close();
  }
}

async function readBytes(zip: ZipFile, name: string): Promise<Buffer> {
  const entry = zip.entries.get(name);
  if (entry === undefined) {
    throw new StartError(`The archive is not whole: ${name} is missing.`);
  }
  const pieces: Buffer[] = [];
  for await (const piece of entry.read()) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function readManifest(zip: ZipFile): Promise<ArchiveManifest> {
  const parsed = archiveManifestSchema.safeParse(parseJson(await readBytes(zip, 'manifest.json')));
  if (!parsed.success) {
    throw new StartError(`This is not an archive of the form ${archiveFormat}; it may be of a newer Carmic.`);
  }
  return parsed.data;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new StartError('The archive is damaged: a file in it is not JSON.');
  }
}

type ArchiveData = ReadonlyMap<string, readonly ArchiveRow[]>;

async function readData(zip: ZipFile, manifest: ArchiveManifest, map: DataMap): Promise<ArchiveData> {
  const data = new Map<string, readonly ArchiveRow[]>();
  for (const { name, sha256 } of manifest.entries) {
    const [, table = ''] = /^data\/(\w+)\.json$/.exec(name) ?? [];
    if (!map.tables.some((each) => each.name === table)) {
      continue;
    }
    const bytes = await readBytes(zip, name);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new StartError(`The archive is damaged: ${name} is not what its manifest says.`);
    }
    data.set(table, parseJson(bytes) as ArchiveRow[]);
  }
  return data;
}

interface Chosen {
  workspaces: readonly ArchiveRow[];
  videoWorkspaces: ReadonlyMap<string, string>;
  clipIds: ReadonlySet<string>;
  renditionIds: ReadonlySet<string>;
  objects: readonly ArchiveRow[];
  skippedVideos: number;
}

function choose(data: ArchiveData): Chosen {
  const videos = data.get('videos') ?? [];
  const whole = videos.filter((row) => wholeStates.has(String(row['state'])));
  const videoWorkspaces = new Map(whole.map((row) => [String(row['id']), String(row['workspace_id'])]));
  const clips = (data.get('clips') ?? []).filter((row) => videoWorkspaces.has(String(row['video_id'])));
  const kits = data.get('brand_kits') ?? [];
  const ids = new Set([...videoWorkspaces.values(), ...kits.map((row) => String(row['workspace_id']))]);
  const workspaces = (data.get('workspaces') ?? []).filter((row) => ids.has(String(row['id'])));
  const renditions = (data.get('renditions') ?? []).filter(
    (row) => videoWorkspaces.has(String(row['video_id'])) && wholeRenditions.has(String(row['state'])),
  );
  const renditionIds = new Set(renditions.map((row) => String(row['id'])));
  const objects = (data.get('stored_objects') ?? []).filter(
    (row) =>
      row['state'] === 'ready' &&
      (row['video_id'] === null || videoWorkspaces.has(String(row['video_id']))) &&
      (row['rendition_id'] === null || renditionIds.has(String(row['rendition_id']))),
  );
  return {
    ...{ workspaces, videoWorkspaces, renditionIds, objects },
    clipIds: new Set(clips.map((row) => String(row['id']))),
    skippedVideos: videos.length - whole.length,
  };
}

/** Nothing that is there already is touched. */
async function requireNew(deps: Deps, { objects, videoWorkspaces, workspaces }: Chosen): Promise<void> {
  const ids = uuidArray([
    ...videoWorkspaces.keys(),
    ...workspaces.map((row) => String(row['id'])),
    ...objects.map((row) => String(row['id'])),
  ]);
  const [found] = await deps.db.systemRows<{ id: string }>(
    `SELECT id FROM workspaces WHERE id = ANY(CAST(:ids AS uuid[])) UNION ALL SELECT id FROM videos WHERE id = ANY(CAST(:ids AS uuid[]))
     UNION ALL SELECT id FROM stored_objects WHERE id = ANY(CAST(:ids AS uuid[])) LIMIT 1`,
    { ids },
  );
  if (found !== undefined) {
    throw new StartError('Something of this archive is in this installation already: nothing was changed.');
  }
  const foreign = objects.find((row) => {
    const parsed = keys.parse(String(row['key']));
    return !('workspaceId' in parsed) || parsed.workspaceId !== row['workspace_id'];
  });
  if (foreign !== undefined) {
    throw new StartError('The archive names a file outside of its workspaces: nothing was changed.');
  }
}

async function storeObjects(
  deps: Deps,
  zip: ZipFile,
  manifest: ArchiveManifest,
  objects: readonly ArchiveRow[],
): Promise<{ objects: number; objectBytes: number }> {
  const entries = new Map(manifest.entries.flatMap((entry) => (entry.object === undefined ? [] : [[entry.object.key, entry] as const])));
  let objectBytes = 0;
  for (const row of objects) {
    const key = String(row['key']);
    const entry = entries.get(key);
    const file = entry === undefined ? undefined : zip.entries.get(entry.name);
    if (entry?.object === undefined || file === undefined || entry.object.sha256 !== row['sha256']) {
      throw new StartError(`The archive is not whole: the file of ${String(row['id'])} is missing. Nothing was changed.`);
    }
    const { contentType, sha256, sha256Kind } = entry.object;
    await storeObject(deps.store, { key, contentType, sha256, sha256Kind, sizeBytes: entry.sizeBytes }, file.read());
    objectBytes += entry.sizeBytes;
  }
  return { objects: objects.length, objectBytes };
}

interface Writing {
  email: string;
  manifest: ArchiveManifest;
  data: ArchiveData;
  chosen: Chosen;
}

async function writeRows(deps: Deps, tx: Tx, map: DataMap, { chosen, data, email, manifest }: Writing): Promise<number> {
  const userId = await findOrMakePerson(deps, tx, email, data);
  for (const row of chosen.workspaces) {
    const workspaceId = await createWorkspace(deps, tx, { id: String(row['id']), name: String(row['name']) });
    await deps.db.change(
      tx,
      "INSERT INTO members (workspace_id, user_id, role, created_at) VALUES (:workspaceId, :userId, 'owner', :now)",
      {
        ...{ workspaceId, userId, now: deps.clock.now() },
      },
    );
  }
  let count = 0;
  for (const { clip, table, video } of taken) {
    const declared = map.tables.find((each) => each.name === table);
    if (declared === undefined) {
      throw new Error(`The data map has no table ${table}.`);
    }
    const rows = (data.get(table) ?? []).filter((row) => isChosen(chosen, table, row, { clip, video }));
    count += await insertRows(deps, tx, declared, rows, (id) => (id === manifest.personId ? userId : null));
  }
  const now = deps.clock.now();
  const ids = uuidArray([...chosen.videoWorkspaces.keys()]);
  await deps.db.change(
    tx,
    'UPDATE videos SET kept_from = :now, expires_at = NULL WHERE id = ANY(CAST(:ids AS uuid[])) AND kept_from IS NOT NULL',
    {
      ...{ ids, now },
    },
  );
  for (const row of chosen.workspaces) {
    const workspaceId = String(row['id']);
    const [plan] = await deps.db.rows<{ retention_days: number | null }>(
      tx,
      'SELECT retention_days FROM workspaces WHERE id = :workspaceId',
      {
        workspaceId,
      },
    );
    const noGrace = { graceFrom: null, graceUntil: null, graceDays: null };
    await applyRetention(deps, tx, [{ workspaceId, retentionDays: plan?.retention_days ?? null, ...noGrace }]);
    await recountStorage(deps, tx, workspaceId);
    await deps.appendEvent(tx, {
      workspaceId,
      type: 'privacy.archive_imported',
      subjectId: userId,
      data: { videos: chosen.videoWorkspaces.size },
    });
  }
  return count;
}

function isChosen(chosen: Chosen, table: string, row: ArchiveRow, by: { clip?: string | undefined; video?: string | undefined }): boolean {
  if (table === 'stored_objects') {
    return chosen.objects.includes(row);
  }
  if (table === 'renditions') {
    return chosen.renditionIds.has(String(row['id']));
  }
  if (by.video !== undefined) {
    return chosen.videoWorkspaces.has(String(row[by.video]));
  }
  if (by.clip !== undefined) {
    return chosen.clipIds.has(String(row[by.clip]));
  }
  return chosen.workspaces.some((workspace) => workspace['id'] === row['workspace_id']);
}

async function findOrMakePerson(deps: Deps, tx: Tx, email: string, data: ArchiveData): Promise<string> {
  const [known] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM users WHERE lower(email) = lower(:email)', { email });
  if (known !== undefined) {
    return known.id;
  }
  const id = newId();
  const name = String(data.get('users')?.[0]?.['name'] ?? email);
  await deps.db.model(Users).create({ id, email, name }, { transaction: tx });
  await deps.appendEvent(tx, { workspaceId: null, type: 'user.created', subjectId: id });
  return id;
}

async function insertRows(
  deps: Deps,
  tx: Tx,
  table: TableData,
  rows: readonly ArchiveRow[],
  personOf: (id: unknown) => string | null,
): Promise<number> {
  if (rows.length === 0) {
    return 0;
  }
  const columns = archiveColumns(table);
  const written = rows.map((row) =>
    Object.fromEntries(
      columns.map(({ isPerson, key, name, sealed }) => {
        const value = row[key] ?? null;
        if (value === null || isPerson) {
          return [name, value === null ? null : personOf(value)];
        }
        if (sealed === null) {
          return [name, value];
        }
        const plain = sealed.form === 'json' ? JSON.stringify(value) : String(value);
        return [name, `\\x${deps.sealer.seal(`${sealed.context}:${String(row[sealed.by])}`, plain).toString('hex')}`];
      }),
    ),
  );
  const tokenized = tokenizers[table.name];
  const all = tokenized === undefined ? written : written.map((row, index) => tokenized(deps, row, rows[index]));
  const names = Object.keys(all[0] ?? {})
    .map((name) => `"${name}"`)
    .join(', ');
  await deps.db.boundRows(
    tx,
    `INSERT INTO "${table.name}" (${names}) SELECT ${names} FROM jsonb_populate_recordset(NULL::"${table.name}", CAST($rows AS jsonb))`,
    { rows: JSON.stringify(all) },
  );
  return rows.length;
}

/** Called like this where an archive leaves a name out. */
const unnamed = '–';

/** Tables with what an archive cannot hold: hashes made of this installation's key, secrets, names of others. */
const tokenizers: Partial<Record<string, typeof withToken>> = {
  glossary_terms: withToken,
  videos: withLabelTokens,
  clip_links: withoutSecret,
  clip_comments: withoutName,
};

/** A link's secret is in no archive, and led to another installation: it is taken in as ended, so that what was said through it stays in order. */
function withoutSecret(deps: Deps, written: ArchiveRow): ArchiveRow {
  const now = deps.clock.now().toISOString();
  const expiresAt = String(written['expires_at']);
  const token = hashSecret(newSecret('carmic_clip')).toString('hex');
  return { ...written, token_hash: `\\x${token}`, expires_at: Date.parse(expiresAt) < Date.parse(now) ? expiresAt : now };
}

/** Who commented is another person, and in no archive. */
function withoutName(deps: Deps, written: ArchiveRow): ArchiveRow {
  const name = deps.sealer.seal(`clip_comments.name:${String(written['id'])}`, unnamed);
  return { ...written, name_sealed: `\\x${name.toString('hex')}` };
}

/** The token of a term is made of this installation's key. */
function withToken(deps: Deps, written: ArchiveRow, row: ArchiveRow | undefined): ArchiveRow {
  const { term } = row?.['content'] as { term: string };
  return { ...written, term_token: tokenOfTerm(deps, String(written['workspace_id']), term) };
}

/** So are those of a video's folder and tags. */
function withLabelTokens(deps: Deps, written: ArchiveRow, row: ArchiveRow | undefined): ArchiveRow {
  const labels = (row?.['labels'] ?? { folder: null, tags: [] }) as Labels;
  return { ...written, label_tokens: tokensOfLabels(deps, String(written['workspace_id']), labels) };
}
