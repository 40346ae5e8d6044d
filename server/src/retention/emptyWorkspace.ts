import type { Deps } from '../deps.ts';
import { buryVideos } from './erasure/bury.ts';
import { buryBrandKits } from './erasure/buryBrandFiles.ts';
import { journalErasures } from './erasure/journal.ts';
import { notHeld } from '../library/findHolds.ts';

const batchSize = 500;

/**
 * Deletes every video and every brand kit of a workspace that was deleted, and its name; may run twice. What is under a legal hold stays,
 * and goes when the hold ends. Keeps: R5.
 */
export async function emptyWorkspace(deps: Deps, workspaceId: string): Promise<void> {
  const { db } = deps;
  for (;;) {
    const started = await db.asSystem(async (tx) => {
      const videos = await db.rows<{ id: string }>(
        tx,
        `SELECT v.id FROM videos v WHERE v.workspace_id = :workspaceId AND v.deleted_at IS NULL AND ${notHeld} LIMIT :batchSize`,
        { workspaceId, batchSize, now: deps.clock.now() },
      );
      const wish = { scope: 'workspace', cause: 'request', actorId: null } as const;
      return videos.length === 0
        ? []
        : buryVideos(
            deps,
            tx,
            wish,
            videos.map((video) => video.id),
          );
    });
    if (started.length === 0) {
      break;
    }
    await journalErasures(
      deps,
      started.map((each) => each.erasureId),
    );
  }
  const wish = { scope: 'brand_kit', cause: 'request', actorId: null } as const;
  const kits = await db.asSystem((tx) => buryBrandKits(deps, tx, wish, workspaceId));
  await journalErasures(
    deps,
    kits.map((each) => each.erasureId),
  );
  await db.asSystem((tx) =>
    db.change(
      tx,
      "UPDATE workspaces SET name = 'Deleted workspace', suspension_reason_sealed = NULL WHERE id = :workspaceId AND deleted_at IS NOT NULL",
      { workspaceId },
    ),
  );
}

/** Starts again on deleted workspaces in which something is left that no hold keeps: a lost nudge, or a hold that has ended. */
export async function nudgeEmptying(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const left = await db.asSystem((tx) =>
    db.rows<{ id: string }>(
      tx,
      `SELECT o.id FROM workspaces o WHERE o.deleted_at IS NOT NULL
         AND (EXISTS (SELECT 1 FROM videos v WHERE v.workspace_id = o.id AND v.deleted_at IS NULL AND ${notHeld})
           OR EXISTS (SELECT 1 FROM brand_kits k WHERE k.workspace_id = o.id AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.workspace_id = o.id
             AND h.video_id IS NULL AND h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now))))
       LIMIT :batchSize`,
      { batchSize, now: clock.now() },
    ),
  );
  for (const { id: workspaceId } of left) {
    await deps.jobs.enqueue('workspaces.empty', { workspaceId });
  }
}
