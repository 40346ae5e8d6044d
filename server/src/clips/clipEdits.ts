/** Versions of a clip's edit list. A version is never changed; the clip says which one holds. */
import { type ClipEdit, editLimits, type Span } from '@carmic/contract';
import { conflict, invalidInput, notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type ClipRow, Clips } from './model.ts';

interface EditRow {
  clip_id: string;
  version: number;
  /** Null of the first, and of those made before bases were kept. */
  base_version: number | null;
  kind: ClipEdit['kind'];
  segments: Span[];
  removed: ClipEdit['removed'];
  created_at: Date;
}

/** Seconds that an edit list plays. */
export function durationOf(segments: readonly Span[]): number {
  return Number(segments.reduce((sum, span) => sum + span.endSeconds - span.startSeconds, 0).toFixed(6));
}

/** What a version was made on. */
const baseOf = ({ version, base_version }: Pick<EditRow, 'version' | 'base_version'>) => base_version ?? (version > 1 ? version - 1 : null);

/** What is shown of a clip's edit list: its spans, and where undo and redo lead. */
export interface EditFacts {
  segments: readonly Span[];
  undoVersion: number | null;
  redoVersion: number | null;
}

/** The edit list of a clip in one version. */
export async function segmentsOf(deps: Deps, tx: Tx, clip: ClipRow, version: number = clip.editVersion): Promise<Span[]> {
  const found = await editsOfAll(deps, tx, [clip], () => version);
  return [...(found.get(clip.id)?.segments ?? [])];
}

/** The edit lists of many clips, in one query. */
export async function editsOfAll(
  deps: Deps,
  tx: Tx,
  clips: readonly ClipRow[],
  versionOf: (clip: ClipRow) => number = (clip) => clip.editVersion,
): Promise<Map<string, EditFacts>> {
  const ids = clips.map((clip) => clip.id);
  const rows =
    ids.length === 0
      ? []
      : await deps.db.rows<EditRow>(tx, 'SELECT clip_id, version, base_version, segments FROM clip_edits WHERE clip_id IN (:ids)', { ids });
  return new Map(
    clips.map((clip) => {
      const own = rows.filter((row) => row.clip_id === clip.id);
      const version = versionOf(clip);
      const row = own.find((candidate) => candidate.version === version);
      const made = own.filter((candidate) => baseOf(candidate) === version).map((candidate) => candidate.version);
      return [
        clip.id,
        {
          segments: row?.segments ?? [{ startSeconds: clip.startSeconds, endSeconds: clip.endSeconds }],
          undoVersion: row === undefined ? null : baseOf(row),
          redoVersion: made.length === 0 ? null : Math.max(...made),
        },
      ];
    }),
  );
}

/** All versions, newest first; a clip that was never edited has one. */
export async function listEdits(deps: Deps, tx: Tx, clip: ClipRow): Promise<ClipEdit[]> {
  const rows = await deps.db.rows<EditRow>(
    tx,
    'SELECT clip_id, version, base_version, kind, segments, removed, created_at FROM clip_edits WHERE clip_id = :id ORDER BY version DESC',
    { id: clip.id },
  );
  if (rows.length === 0) {
    const segments = await segmentsOf(deps, tx, clip);
    return [{ version: 1, baseVersion: null, kind: 'suggested', segments, durationSeconds: durationOf(segments), removed: null, createdAt: clip.createdAt.toISOString() }];
  }
  return rows.map(({ version, base_version, kind, segments, removed, created_at }) => ({
    version,
    baseVersion: baseOf({ version, base_version }),
    kind,
    segments,
    durationSeconds: durationOf(segments),
    removed,
    createdAt: new Date(created_at).toISOString(),
  }));
}

export interface NewEdit {
  kind: ClipEdit['kind'];
  segments: readonly Span[];
  removed: ClipEdit['removed'];
}

/** Adds a version and makes it the clip's. Throws conflict when somebody else changed the clip since `baseVersion`. */
export async function addEdit(deps: Deps, tx: Tx, clip: ClipRow, baseVersion: number, edit: NewEdit, userId: string): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const insertSql = `INSERT INTO clip_edits (workspace_id, clip_id, version, base_version, kind, segments, removed, created_by, created_at)
    VALUES (:workspaceId, :clipId, :version, :baseVersion, :kind, :segments, :removed, :userId, :now) ON CONFLICT DO NOTHING`;
  const keys = { workspaceId: clip.workspaceId, clipId: clip.id };
  // The clip's row is locked by the update that names the version; two people who edit at once cannot both be right.
  const [locked] = await db.model(Clips).update({ updatedAt: now }, { where: { id: clip.id, editVersion: baseVersion }, transaction: tx });
  if (locked === 0) {
    throw conflict('Somebody else has changed this clip in the meantime. Look at it again, then repeat the change.');
  }
  const first = JSON.stringify([{ startSeconds: clip.startSeconds, endSeconds: clip.endSeconds }]);
  await db.change(tx, insertSql, { ...keys, version: 1, baseVersion: null, kind: 'suggested', segments: first, removed: null, userId: null, now: clip.createdAt });
  const [newest] = await db.rows<{ version: number }>(tx, 'SELECT max(version) AS version FROM clip_edits WHERE clip_id = :clipId', keys);
  const version = (newest?.version ?? 1) + 1;
  const removed = edit.removed === null ? null : JSON.stringify(edit.removed);
  await db.change(tx, insertSql, { ...keys, version, baseVersion, kind: edit.kind, segments: JSON.stringify(edit.segments), removed, userId, now });
  await moveClip(deps, tx, clip, version, edit.segments);
}

/** Makes another version the clip's. Throws not_found when there is none of that number. */
export async function chooseEdit(deps: Deps, tx: Tx, clip: ClipRow, version: number): Promise<void> {
  const edit = (await listEdits(deps, tx, clip)).find((candidate) => candidate.version === version);
  if (edit === undefined) {
    throw notFound('version of this clip');
  }
  await moveClip(deps, tx, clip, version, edit.segments);
}

async function moveClip(deps: Deps, tx: Tx, clip: ClipRow, version: number, segments: readonly Span[]): Promise<void> {
  clip.editVersion = version;
  clip.startSeconds = Math.min(...segments.map((span) => span.startSeconds));
  clip.endSeconds = Math.max(...segments.map((span) => span.endSeconds));
  clip.updatedAt = deps.clock.now();
  await clip.save({ transaction: tx });
}

/** Refuses spans that are none, or lie outside the source. */
export function checkSegments(segments: readonly Span[], durationSeconds: number): void {
  for (const { startSeconds, endSeconds } of segments) {
    if (endSeconds - startSeconds < editLimits.shortestSpanSeconds) {
      throw invalidInput(`Every span must be at least ${editLimits.shortestSpanSeconds} seconds long.`);
    }
    if (endSeconds > durationSeconds + 0.05) {
      throw invalidInput(`The video is ${durationSeconds.toFixed(2)} seconds long; a span ends behind it.`);
    }
  }
  const total = durationOf(segments);
  if (total > editLimits.longestSeconds) {
    throw invalidInput('A clip can be ten minutes long at most.');
  }
}
