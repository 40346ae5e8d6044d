import type { Deps } from '../deps.ts';
import { emptyBrandKits } from '../clips/brand/kits.ts';
import { buryVideos } from './erasure/bury.ts';
import { journalErasures } from './erasure/journal.ts';

const batchSize = 500;

/** Deletes every video and every brand kit of a workspace that was deleted, and its name; may run twice. */
export async function emptyWorkspace(deps: Deps, workspaceId: string): Promise<void> {
  const { db } = deps;
  for (;;) {
    const started = await db.asSystem(async (tx) => {
      const videos = await db.rows<{ id: string }>(
        tx,
        'SELECT id FROM videos WHERE workspace_id = :workspaceId AND deleted_at IS NULL LIMIT :batchSize',
        { workspaceId, batchSize },
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
  await db.asSystem((tx) => emptyBrandKits(deps, tx, workspaceId));
  await db.asSystem((tx) =>
    db.change(tx, "UPDATE workspaces SET name = 'Deleted workspace' WHERE id = :workspaceId AND deleted_at IS NOT NULL", { workspaceId }),
  );
}
