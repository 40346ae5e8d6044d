/** The canary's account and its marked workspace: made when it is switched on, erased like every account when it is switched off. */
import { createWorkspace } from '../../accounts/createWorkspace.ts';
import { eraseAccount } from '../../accounts/eraseAccount.ts';
import { Members, Users } from '../../accounts/model.ts';
import { newId } from '../../core/ids.ts';
import { isUniqueViolation } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { register } from '../../egress/register.ts';
import type { Person } from '../../http/request.ts';
import { keys } from '../../storage/keys.ts';

const workspaceName = 'Canary: the test account of this installation';
/** Ends in a domain that nobody can own (RFC 2606): no mail is ever sent there. */
const email = 'canary@carmic.invalid';

interface Row {
  workspace_id: string;
  user_id: string;
}

async function findRow(deps: Deps): Promise<Row | undefined> {
  const [row] = await deps.db.systemRows<Row>(
    `SELECT w.id AS workspace_id, m.user_id FROM workspaces w JOIN members m ON m.workspace_id = w.id
     JOIN users u ON u.id = m.user_id AND u.kind = 'service' WHERE w.is_canary AND w.deleted_at IS NULL`,
  );
  return row;
}

const asPerson = (deps: Deps, row: Row): Person => ({
  kind: 'person',
  userId: row.user_id,
  sessionId: row.user_id,
  workspaceId: row.workspace_id,
  role: 'owner',
  isAdmin: false,
  scopes: null,
  authenticatedAt: deps.clock.now(),
  needsSecondFactor: false,
  isWorkspaceSuspended: false,
});

/** Finds the canary or makes it. It is a service account, so that nobody can sign in as it and no seat is counted; no third party is given its content. */
export async function ensureCanary(deps: Deps): Promise<Person> {
  const { clock, db } = deps;
  const known = await findRow(deps);
  if (known !== undefined) {
    return asPerson(deps, known);
  }
  const row: Row = { workspace_id: newId(), user_id: newId() };
  try {
    await db.asSystem(async (tx) => {
      await createWorkspace(deps, tx, { id: row.workspace_id, name: workspaceName });
      await db.change(tx, 'UPDATE workspaces SET is_canary = true WHERE id = :id', { id: row.workspace_id });
      await db.model(Users).create({ id: row.user_id, email, name: 'Canary', kind: 'service' }, { transaction: tx });
      await db.model(Members).create({ workspaceId: row.workspace_id, userId: row.user_id, role: 'owner' }, { transaction: tx });
      for (const { party } of register.filter(({ canWorkspaceRefuse }) => canWorkspaceRefuse)) {
        await db.change(tx, 'INSERT INTO third_party_refusals (workspace_id, party, refused_at) VALUES (:id, :party, :now)', {
          ...{ id: row.workspace_id, party, now: clock.now() },
        });
      }
    });
  } catch (error) {
    const other = isUniqueViolation(error) ? await findRow(deps) : undefined;
    if (other === undefined) {
      throw error;
    }
    return asPerson(deps, other);
  }
  return asPerson(deps, row);
}

/** Removes the archives that were made for the canary. */
export async function removeArchives(deps: Deps, userId: string): Promise<void> {
  const rows = await deps.db.systemRows<{ id: string }>('SELECT id FROM data_archives WHERE user_id = :userId', { userId });
  await deps.store.delete(rows.map((row) => keys.archive(row.id)));
  await deps.db.asSystem((tx) => deps.db.change(tx, 'DELETE FROM data_archives WHERE user_id = :userId', { userId }));
}

/** Erases the canary with everything that is its own; its content follows like that of every deleted workspace. Does nothing where there is none. */
export async function removeCanary(deps: Deps): Promise<void> {
  const { db } = deps;
  const row = await findRow(deps);
  if (row === undefined) {
    return;
  }
  await removeArchives(deps, row.user_id);
  await db.asSystem(async (tx) => {
    await eraseAccount(deps, tx, row.user_id, row.user_id);
    await db.change(tx, 'DELETE FROM third_party_refusals WHERE workspace_id = :id', { id: row.workspace_id });
    await db.change(tx, 'DELETE FROM canary_probes');
  });
}
