/** Expired content goes for good. Keeps: R1, R2. Readers are refused by the clock already; this makes bytes and rows follow. */
import type { Deps } from '../deps.ts';
import { buryVideos } from './erasure/bury.ts';
import { notHeld } from '../library/findHolds.ts';

const batchSize = 1000;
/** Any fixed number: the lock under which one process at a time plans. */
const planningLock = 7_061_995;

/**
 * Starts the deletion of what has expired, in batches, as long as there is any. One process at a time plans, which is quick; any number of
 * them delete. Answers how many videos were taken.
 */
export async function sweepExpired(deps: Deps): Promise<number> {
  const { db, clock } = deps;
  for (let swept = 0; ;) {
    const taken = await db.asSystem(async (tx) => {
      const [lock] = await db.rows<{ is_free: boolean }>(tx, 'SELECT pg_try_advisory_xact_lock(:planningLock) AS is_free', {
        planningLock,
      });
      if (lock?.is_free !== true) {
        return 0;
      }
      const expired = await db.rows<{ id: string }>(
        tx,
        `SELECT v.id FROM videos v WHERE v.expires_at <= :now AND v.deleted_at IS NULL AND ${notHeld} ORDER BY v.expires_at LIMIT :batchSize`,
        { now: clock.now(), batchSize },
      );
      const wish = { scope: 'selection', cause: 'expiry', actorId: null } as const;
      await buryVideos(
        deps,
        tx,
        wish,
        expired.map((row) => row.id),
      );
      return expired.length;
    });
    swept += taken;
    if (taken < batchSize) {
      return swept;
    }
  }
}
