/**
 * Suspending a workspace: its members, keys and links open nothing of it, agents stop working for it and live streams end, until it is opened
 * again. Nothing is deleted by it, and nothing is kept by it either: content expires when it was promised to.
 */
import type { WorkspaceAccount } from '@carmic/contract';
import { notifyOfChange } from '../accounts/notices.ts';
import { suspensionContext } from '../accounts/suspensions.ts';
import { putBackTasks, restartWaiting } from '../agents/putBackTasks.ts';
import { notFound, wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type Handlers, type Person, personOf } from '../http/request.ts';
import { WorkspacePlans } from '../plans/model.ts';
import { presentWorkspaces } from '../plans/present.ts';
import type { SecurityNotice } from '../mail/templates/mailText.ts';

/** The workspace's row, locked. Throws not_found when it is deleted or never was. */
async function loadWorkspace(deps: Deps, tx: Tx, id: string): Promise<{ name: string; isSuspended: boolean }> {
  const [row] = await deps.db.rows<{ name: string; suspended: boolean }>(
    tx,
    'SELECT name, suspended_at IS NOT NULL AS suspended FROM workspaces WHERE id = :id AND deleted_at IS NULL FOR UPDATE',
    { id },
  );
  if (row === undefined) {
    throw notFound('workspace');
  }
  return { name: row.name, isSuspended: row.suspended };
}

async function presentWorkspace(deps: Deps, tx: Tx, id: string): Promise<WorkspaceAccount> {
  const row = await deps.db.model(WorkspacePlans).findByPk(id, { transaction: tx, rejectOnEmpty: true });
  const [account] = await presentWorkspaces(deps, tx, [row]);
  if (account === undefined) {
    throw new Error('One workspace presents as one account.');
  }
  return account;
}

async function tellOwners(deps: Deps, tx: Tx, id: string, notice: SecurityNotice, detail: string): Promise<void> {
  const owners = await deps.db.rows<{ user_id: string }>(
    tx,
    "SELECT m.user_id FROM members m JOIN users u ON u.id = m.user_id AND u.kind = 'person' WHERE m.workspace_id = :id AND m.role = 'owner'",
    { id },
  );
  for (const { user_id: userId } of owners) {
    await notifyOfChange(deps, tx, userId, notice, { detail });
  }
}

function suspendWorkspace(deps: Deps, person: Person, id: string, reason: string): Promise<WorkspaceAccount> {
  const { db, clock, sealer } = deps;
  return db.asSystem(async (tx) => {
    const workspace = await loadWorkspace(deps, tx, id);
    if (workspace.isSuspended) {
      throw wrongState('This workspace is suspended already.');
    }
    await db.change(tx, 'UPDATE workspaces SET suspended_at = :now, suspension_reason_sealed = :reason WHERE id = :id', {
      id,
      now: clock.now(),
      reason: sealer.seal(suspensionContext('workspaces', id), reason),
    });
    await putBackTasks(deps, tx, id);
    await deps.appendEvent(tx, { workspaceId: id, type: 'workspace.suspended', subjectId: id, actorId: person.userId });
    await tellOwners(deps, tx, id, 'workspace_suspended', workspace.name);
    return presentWorkspace(deps, tx, id);
  });
}

function reinstateWorkspace(deps: Deps, person: Person, id: string): Promise<WorkspaceAccount> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const workspace = await loadWorkspace(deps, tx, id);
    if (!workspace.isSuspended) {
      throw wrongState('This workspace is not suspended.');
    }
    await db.change(tx, 'UPDATE workspaces SET suspended_at = NULL, suspension_reason_sealed = NULL WHERE id = :id', { id });
    await restartWaiting(deps, tx, id);
    await deps.appendEvent(tx, { workspaceId: id, type: 'workspace.reinstated', subjectId: id, actorId: person.userId });
    await tellOwners(deps, tx, id, 'workspace_reinstated', workspace.name);
    return presentWorkspace(deps, tx, id);
  });
}

/** Suspending workspaces, for administrators. */
export const suspensionHandlers = {
  suspendWorkspace: (request) => suspendWorkspace(request.deps, personOf(request), request.params.id, request.body.reason),
  reinstateWorkspace: (request) => reinstateWorkspace(request.deps, personOf(request), request.params.id),
} satisfies Partial<Handlers>;
