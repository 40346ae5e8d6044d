import { addSeconds } from '../../core/clock.ts';
import type { Deps } from '../../deps.ts';
import type { EventType } from '@carmic/contract';
import { alarmSeconds } from './steps.ts';

/** Wakes the work on what is due, and raises the alarm over deletions that come near their deadline or are past it. */
export async function watchErasures(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const isDue = await db.asSystem(
    async (tx) =>
      (
        await db.rows(
          tx,
          `(SELECT 1 FROM erasure_items WHERE step <> 'done' AND run_after <= :now AND (claimed_until IS NULL OR claimed_until <= :now) LIMIT 1)
           UNION ALL (SELECT 1 FROM erasures WHERE finished_at IS NULL AND item_count = 0 LIMIT 1)`,
          { now },
        )
      ).length > 0,
  );
  if (isDue) {
    await deps.jobs.enqueue('erasures.work', {});
  }
  await raise(deps, 'erasure.late', 'alarmed_at', 'requested_at <= :since', addSeconds(now, -alarmSeconds));
  await raise(deps, 'erasure.overdue', 'overdue_at', 'deadline_at <= :since', now);
}

async function raise(deps: Deps, type: EventType, column: 'alarmed_at' | 'overdue_at', condition: string, since: Date): Promise<void> {
  const { db, clock, log, appendEvent } = deps;
  await db.asSystem(async (tx) => {
    const late = await db.rows<{ id: string; workspace_id: string; item_count: number; done_count: number; deadline_at: Date }>(
      tx,
      `UPDATE erasures SET ${column} = :now WHERE finished_at IS NULL AND ${column} IS NULL AND ${condition}
       RETURNING id, workspace_id, item_count, done_count, deadline_at`,
      { now: clock.now(), since },
    );
    for (const row of late) {
      const data = { items: row.item_count, done: row.done_count, deadlineAt: row.deadline_at.toISOString() };
      log.error(
        { erasureId: row.id, counts: data },
        type === 'erasure.late' ? 'a deletion comes near its deadline' : 'a deletion is past its deadline',
      );
      await appendEvent(tx, { workspaceId: row.workspace_id, type, subjectId: row.id, data });
    }
  });
}
