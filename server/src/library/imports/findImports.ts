import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { formatBytes } from '../../plans/quota.ts';
import type { Video } from '../model.ts';
import type { LiveProgress } from '../stages.ts';

interface ProgressRow {
  video_id: string;
  received_bytes: string;
  total_bytes: string | null;
  note: string | null;
  is_running: boolean;
}

/** How far the imports of videos are, by video. */
export async function findImports(deps: Deps, tx: Tx, videos: readonly Video[]): Promise<ReadonlyMap<string, LiveProgress>> {
  const ids = videos.filter((video) => video.state === 'uploading').map((video) => video.id);
  if (ids.length === 0) {
    return new Map();
  }
  const rows = await deps.db.rows<ProgressRow>(
    tx,
    `SELECT video_id, received_bytes, total_bytes, note, claimed_until IS NOT NULL AS is_running FROM video_imports
     WHERE video_id IN (:ids) AND state = 'open'`,
    { ids },
  );
  return new Map(rows.map((row) => [row.video_id, presentProgress(row)]));
}

function presentProgress(row: ProgressRow): LiveProgress {
  const received = Number(row.received_bytes);
  const total = row.total_bytes === null ? null : Number(row.total_bytes);
  if (!row.is_running) {
    return { progress: 0, note: row.note === null ? 'Waiting to be fetched' : `${row.note} It is tried again shortly.` };
  }
  return {
    progress: total === null || total === 0 ? 0 : Math.min(1, received / total),
    note: total === null ? `Fetched ${formatBytes(received)}` : `Fetched ${formatBytes(received)} of ${formatBytes(total)}`,
  };
}
