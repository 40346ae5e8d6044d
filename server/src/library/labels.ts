/** The folder and the tags of a video: sealed in its row, and found by keyed hashes beside them. Upper and lower case are the same label. */
import type { RouteInput, VideoLabels } from '@carmic/contract';
import { maxTags } from '@carmic/contract';
import { invalidInput } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { loadVideo } from './load.ts';
import { type Video, Videos } from './model.ts';

/** A video's folder, null without one, and its tags in the order in which they came. */
export interface Labels {
  folder: string | null;
  tags: string[];
}

/** Opens the labels of a video. */
export function labelsOf(deps: Deps, video: Pick<Video, 'id' | 'labelsSealed'>): Labels {
  return video.labelsSealed === null
    ? { folder: null, tags: [] }
    : (JSON.parse(deps.sealer.open(`videos.labels:${video.id}`, video.labelsSealed)) as Labels);
}

const plain = (label: string) => label.normalize('NFKC').toLowerCase();

/** The hash by which videos with a label are found: a bigint as decimal number. */
export function tokenOfLabel(deps: Deps, workspaceId: string, kind: 'folder' | 'tag', label: string): string {
  return deps.sealer.blind(`labels:${workspaceId}`)(`${kind}:${plain(label)}`);
}

/** All hashes of a video's labels. */
export function tokensOfLabels(deps: Deps, workspaceId: string, { folder, tags }: Labels): string[] {
  return [
    ...(folder === null ? [] : [tokenOfLabel(deps, workspaceId, 'folder', folder)]),
    ...tags.map((tag) => tokenOfLabel(deps, workspaceId, 'tag', tag)),
  ];
}

/** Sorts a video: another folder, tags more or fewer. Throws invalid_input for more tags than a video may have. */
export async function labelVideo(
  deps: Deps,
  tx: Tx,
  { workspaceId, userId }: Person,
  id: string,
  body: RouteInput<'updateVideo'>['body'],
): Promise<Video> {
  const { db, clock, sealer } = deps;
  await loadVideo(deps, tx, id);
  // Locked, so that two people's tags both stay.
  const video = await db.model(Videos).findByPk(id, { transaction: tx, lock: tx.LOCK.UPDATE, rejectOnEmpty: true });
  const before = labelsOf(deps, video);
  const removed = new Set((body.removeTags ?? []).map(plain));
  const tags = new Map(
    [...before.tags, ...(body.addTags ?? [])].map((tag) => [plain(tag), tag] as const).filter(([key]) => !removed.has(key)),
  );
  if (tags.size > maxTags) {
    throw invalidInput(`A video has at most ${maxTags} tags: remove one first.`);
  }
  const labels: Labels = { folder: body.folder === undefined ? before.folder : body.folder, tags: [...tags.values()] };
  await db.change(
    tx,
    `UPDATE videos SET labels_sealed = :sealed, label_tokens = CAST(:tokens AS bigint[]), updated_at = :now WHERE id = :id`,
    {
      id,
      sealed: sealer.seal(`videos.labels:${id}`, JSON.stringify(labels)),
      tokens: `{${tokensOfLabels(deps, workspaceId, labels).join(',')}}`,
      now: clock.now(),
    },
  );
  await deps.appendEvent(tx, {
    workspaceId,
    type: 'video.updated',
    videoId: id,
    subjectId: id,
    actorId: userId,
    data: { fields: Object.keys(body) },
  });
  return loadVideo(deps, tx, id);
}

/** The folders and tags of a workspace with how many videos have them, by name. */
export async function listLabels(deps: Deps, tx: Tx, workspaceId: string): Promise<VideoLabels> {
  const rows = await deps.db.rows<{ id: string; labelsSealed: Buffer }>(
    tx,
    `SELECT id, labels_sealed AS "labelsSealed" FROM videos
     WHERE workspace_id = :workspaceId AND labels_sealed IS NOT NULL AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)`,
    { workspaceId, now: deps.clock.now() },
  );
  const found = rows.map((row) => labelsOf(deps, row));
  return {
    folders: countNames(found.flatMap(({ folder }) => (folder === null ? [] : [folder]))),
    tags: countNames(found.flatMap(({ tags }) => tags)),
  };
}

function countNames(names: readonly string[]): { name: string; count: number }[] {
  const counts = new Map<string, { name: string; count: number }>();
  for (const name of names) {
    const known = counts.get(plain(name));
    counts.set(plain(name), { name: known?.name ?? name, count: (known?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort((a, b) => a.name.localeCompare(b.name));
}
