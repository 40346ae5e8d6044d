/** Whose rows are one person's: said by the data map, found in the database. Keeps: G1. */
import type { Subject, TableData } from '../../core/dataMap.ts';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';

/** What one person has. */
export interface PersonScope {
  userId: string;
  /** Workspaces in which nobody else is: everything in them is theirs. */
  ownWorkspaceIds: string[];
  workspaceIds: string[];
  /** Videos that they uploaded, or that are in a workspace of their own. */
  videoIds: string[];
}

/** Finds what one person has. What is deleted or expired is not there any more. */
export async function readPersonScope(deps: Deps, tx: Tx, userId: string): Promise<PersonScope> {
  const workspaces = await deps.db.rows<{ id: string; is_own: boolean }>(
    tx,
    `SELECT w.id, m.role = 'owner' AND NOT EXISTS (SELECT 1 FROM members o JOIN users u ON u.id = o.user_id AND u.kind = 'person'
       WHERE o.workspace_id = w.id AND o.user_id <> m.user_id) AS is_own
     FROM members m JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = :userId AND w.deleted_at IS NULL ORDER BY w.id`,
    { userId },
  );
  const ownWorkspaceIds = workspaces.filter((row) => row.is_own).map((row) => row.id);
  const videos = await deps.db.rows<{ id: string }>(
    tx,
    `SELECT id FROM videos WHERE (created_by = :userId OR workspace_id = ANY(CAST(:own AS uuid[])))
       AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now) ORDER BY id`,
    { userId, own: uuidArray(ownWorkspaceIds), now: deps.clock.now() },
  );
  return { userId, ownWorkspaceIds, workspaceIds: workspaces.map((row) => row.id), videoIds: videos.map((row) => row.id) };
}

const conditions: Record<Subject['of'], (column: string) => string> = {
  person: (column) => `t.${column} = :userId`,
  video: (column) => `t.${column} = ANY(CAST(:videoIds AS uuid[]))`,
  clip: (column) => `t.${column} IN (SELECT c.id FROM clips c WHERE c.video_id = ANY(CAST(:videoIds AS uuid[])))`,
  workspace: (column) => `t.${column} = ANY(CAST(:ownWorkspaceIds AS uuid[]))`,
  request: (column) => `t.${column} IN (SELECT p.id FROM privacy_requests p WHERE p.user_id = :userId)`,
  membership: (column) => `t.${column} = ANY(CAST(:workspaceIds AS uuid[]))`,
};

/** Which rows of a table are in a scope, as SQL over the table `t`, with its values. */
export function rowsInScope(table: TableData, scope: PersonScope): { where: string; values: Record<string, unknown> } {
  return {
    where: table.subjects.map(({ column, of }) => conditions[of](`"${column}"`)).join(' OR '),
    values: {
      userId: scope.userId,
      videoIds: uuidArray(scope.videoIds),
      ownWorkspaceIds: uuidArray(scope.ownWorkspaceIds),
      workspaceIds: uuidArray(scope.workspaceIds),
    },
  };
}
