import { addSeconds } from '../../core/clock.ts';
import type { Deps } from '../../deps.ts';

const lostNudgeSeconds = 30;
/** A running translation may take this long; behind it, its worker is gone. */
const longestSeconds = 35 * 60;

/** Starts translations again whose nudge or worker was lost. */
export async function nudgeTranslations(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  const behind = await deps.db.asSystem((tx) =>
    deps.db.rows<{ id: string; workspace_id: string }>(
      tx,
      `UPDATE translations SET updated_at = :now
       WHERE (state = 'queued' AND updated_at <= :lost) OR (state = 'translating' AND updated_at <= :dead) RETURNING id, workspace_id`,
      { now, lost: addSeconds(now, -lostNudgeSeconds), dead: addSeconds(now, -longestSeconds) },
    ),
  );
  for (const { id, workspace_id: workspaceId } of behind) {
    await deps.jobs.enqueue('translations.run', { workspaceId, translationId: id });
  }
}
