/** What keeps videos as long as they are kept, as `server/src/retention/expiry.ts` reckons it. */
import type { Video as VideoReply } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Video } from './model.ts';

type Kept = Pick<Video, 'id' | 'workspaceId' | 'keptFrom' | 'expiresAt'>;

/** The rule behind the end of each video, by the video's id; those whose upload is not complete are left out. */
export async function findKeeping(deps: Deps, tx: Tx, videos: readonly Kept[]): Promise<Map<string, NonNullable<VideoReply['keeping']>>> {
  const rows = await deps.db.rows<{ id: string; retention_days: number | null; has_own_rule: boolean; plan_name: string }>(
    tx,
    `SELECT w.id, w.retention_days, (w.overrides -> 'retention') IS NOT NULL AS has_own_rule, p.name AS plan_name
     FROM workspaces w JOIN plans p ON p.id = w.plan_id WHERE w.id IN (:ids)`,
    { ids: [...new Set(videos.map(({ workspaceId }) => workspaceId))] },
  );
  return new Map(
    videos.flatMap(({ id, workspaceId, keptFrom, expiresAt }) => {
      const rule = rows.find((row) => row.id === workspaceId);
      if (rule === undefined || keptFrom === null) {
        return [];
      }
      const days = rule.retention_days;
      const isLater = days !== null && expiresAt !== null && expiresAt > addSeconds(keptFrom, days * 24 * 3600);
      return [[id, { by: isLater ? 'grace' : rule.has_own_rule ? 'workspace' : 'plan', planName: rule.plan_name }] as const];
    }),
  );
}
