/**
 * Renderings after the first one: free where the plan says so, as it does unless an administrator takes it out. Elsewhere each costs the length
 * of its clip, once it is delivered; one that failed or was cancelled costs nothing, and neither does trying it again.
 */
import { AppError } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { reserveMinutes, settleMinutes } from './usage.ts';
import { loadWorkspacePlan } from './workspacePlan.ts';

interface Rendering {
  workspaceId: string;
  videoId: string;
  clipId: string;
  renditionId: string;
}

const batchSize = 200;

/**
 * Reserves the length of a clip for a rendering of it that was asked for after one had been delivered, when the plan counts those. Throws
 * quota_exceeded when that is more than the month allows.
 */
export async function reserveRerender(deps: Deps, tx: Tx, rendering: Rendering, seconds: number): Promise<void> {
  const { workspaceId, videoId, clipId, renditionId } = rendering;
  const { inForce } = await loadWorkspacePlan(deps, tx, workspaceId);
  if (inForce.features.includes('freeRerenders')) {
    return;
  }
  const delivered = await deps.db.rows(
    tx,
    "SELECT 1 FROM renditions WHERE clip_id = :clipId AND id <> :renditionId AND state = 'ready' LIMIT 1",
    { clipId, renditionId },
  );
  if (delivered.length === 0) {
    return;
  }
  const refusal = await reserveMinutes(deps, tx, { id: videoId, workspaceId, renditionId }, seconds);
  if (refusal !== null) {
    throw new AppError('quota_exceeded', refusal);
  }
}

/** Ends the reservation of a rendering, if it has one. */
export function settleRerender(deps: Deps, tx: Tx, rendering: Omit<Rendering, 'clipId'>, isDelivered: boolean): Promise<void> {
  const { videoId: id, workspaceId, renditionId } = rendering;
  return settleMinutes(deps, tx, { id, workspaceId, renditionId }, isDelivered ? 1 : 0);
}

/** Ends reservations of renderings that ended another way than by their task: cancelled by a person, or deleted. */
export async function settleEndedRerenders(deps: Deps): Promise<void> {
  const ended = await deps.db.asSystem((tx) =>
    deps.db.rows<{ workspace_id: string; video_id: string; rendition_id: string; state: string | null }>(
      tx,
      `SELECT r.workspace_id, r.video_id, r.rendition_id, n.state FROM usage_entries r LEFT JOIN renditions n ON n.id = r.rendition_id
       WHERE r.rendition_id IS NOT NULL AND r.kind = 'reserve' AND (n.id IS NULL OR n.state IN ('ready', 'failed', 'cancelled'))
         AND NOT EXISTS (SELECT 1 FROM usage_entries s WHERE s.video_id = r.video_id AND s.sequence = r.sequence AND s.kind <> 'reserve')
       LIMIT :batchSize`,
      { batchSize },
    ),
  );
  for (const { workspace_id: workspaceId, video_id: videoId, rendition_id: renditionId, state } of ended) {
    await deps.db.inWorkspace(workspaceId, (tx) => settleRerender(deps, tx, { workspaceId, videoId, renditionId }, state === 'ready'));
  }
}
