import { notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

/** For the audit log. */
const noteChange = (deps: Deps, tx: Tx, actorId: string, subjectId: string) =>
  deps.appendEvent(tx, { workspaceId: null, type: 'settings.updated', actorId, subjectId, data: { setting: 'agents' } });

/** Says whether an agent is given new tasks; those it has go on. Throws not_found. */
export async function setDraining(deps: Deps, actorId: string, id: string, isDraining: boolean): Promise<void> {
  const { clock, db, tasksReady } = deps;
  await db.asSystem(async (tx) => {
    tx.afterCommit(() => tasksReady.notify());
    const changed = await db.change(
      tx,
      `UPDATE agents SET draining_at = ${isDraining ? 'coalesce(draining_at, :now)' : 'NULL'} WHERE id = :id AND revoked_at IS NULL`,
      { id, ...(isDraining ? { now: clock.now() } : {}) },
    );
    if (changed === 0) {
      throw notFound('agent');
    }
    await noteChange(deps, tx, actorId, id);
  });
}

/** Ends an enrolment. What the agent holds goes back into the queue when its leases end. Throws not_found. */
export async function removeAgent(deps: Deps, actorId: string, id: string): Promise<void> {
  const { clock, db } = deps;
  await db.asSystem(async (tx) => {
    const changed = await db.change(tx, 'UPDATE agents SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL', {
      id,
      now: clock.now(),
    });
    if (changed === 0) {
      throw notFound('agent');
    }
    await noteChange(deps, tx, actorId, id);
  });
}
