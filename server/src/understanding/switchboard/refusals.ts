/** Third parties that a workspace does not allow for itself. The way out keeps it too (privacy/thirdParties/watchEgress.ts). Keeps: T1. */
import { notFound, wrongState } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { entryOf } from '../../egress/register.ts';

/** The third parties that a workspace refuses. */
export async function readRefused(deps: Deps, tx: Tx, workspaceId: string): Promise<ReadonlySet<string>> {
  const rows = await deps.db.rows<{ party: string }>(tx, 'SELECT party FROM third_party_refusals WHERE workspace_id = :workspaceId', {
    workspaceId,
  });
  return new Set(rows.map((row) => row.party));
}

/** Refuses a third party for a workspace, or allows it again; repeating it is harmless. Throws not_found, or wrong_state for one that cannot be refused. */
export async function keepRefusal(
  deps: Deps,
  tx: Tx,
  wish: { workspaceId: string; userId: string; party: string; isRefused: boolean },
): Promise<void> {
  const { workspaceId, userId, party, isRefused } = wish;
  const entry = entryOf(party);
  if (entry === null) {
    throw notFound('third party');
  }
  if (!entry.canWorkspaceRefuse) {
    throw wrongState(`${entry.name} serves the whole installation, so one workspace cannot refuse it.`);
  }
  const changed = isRefused
    ? await deps.db.change(
        tx,
        `INSERT INTO third_party_refusals (workspace_id, party, refused_by, refused_at) VALUES (:workspaceId, :party, :userId, :now)
         ON CONFLICT DO NOTHING`,
        { workspaceId, party, userId, now: deps.clock.now() },
      )
    : await deps.db.change(tx, 'DELETE FROM third_party_refusals WHERE workspace_id = :workspaceId AND party = :party', {
        workspaceId,
        party,
      });
  if (changed > 0) {
    await deps.appendEvent(tx, { workspaceId, type: 'third_party.changed', actorId: userId, data: { party, isRefused } });
  }
}
