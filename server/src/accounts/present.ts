import type { Me } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { Users } from './model.ts';
import { presentSuspension } from './suspensions.ts';

/** The signed-in person as they see themselves. */
export async function presentMe(deps: Deps, tx: Tx, person: Person): Promise<Me> {
  const user = await deps.db.model(Users).findByPk(person.userId, { transaction: tx, rejectOnEmpty: true });
  const workspaces = await deps.db.rows<{ id: string; name: string; role: Me['workspaces'][number]['role'] }>(
    tx,
    'SELECT w.id, w.name, m.role FROM members m JOIN workspaces w ON w.id = m.workspace_id AND w.deleted_at IS NULL WHERE m.user_id = :userId ORDER BY w.name, w.id',
    { userId: user.id },
  );
  const [shut] = await deps.db.rows<{ id: string; suspended_at: Date; suspension_reason_sealed: Buffer | null }>(
    tx,
    `SELECT w.id, w.suspended_at, w.suspension_reason_sealed FROM workspaces w JOIN members m ON m.workspace_id = w.id AND m.user_id = :userId
     WHERE w.id = :workspaceId AND w.suspended_at IS NOT NULL`,
    { userId: user.id, workspaceId: person.workspaceId },
  );
  const passkeys = await deps.db.rows(tx, 'SELECT 1 FROM passkeys WHERE user_id = :userId LIMIT 1', { userId: user.id });
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    isAdmin: user.isAdmin,
    hasPassword: user.passwordHash !== null,
    workspaces,
    workspaceId: person.workspaceId,
    needsSecondFactor: person.needsSecondFactor,
    hasSecondFactor: user.totpConfirmedAt !== null || passkeys.length > 0,
    suspension: shut === undefined ? null : presentSuspension(deps, 'workspaces', shut),
  };
}
