/** To whom a workspace charges its work: departments, and which one a video belongs to. What is charged outlives the video. */
import type { Department, RouteInput } from '@carmic/contract';
import { conflict, notFound, wrongState } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';

const maxDepartments = 200;

interface DepartmentRow {
  id: string;
  name: string;
  is_default: boolean;
}

/** The departments of a workspace that can be chosen, by name. */
export async function listDepartments(deps: Deps, tx: Tx, workspaceId: string): Promise<Department[]> {
  const rows = await deps.db.rows<DepartmentRow>(
    tx,
    'SELECT id, name, is_default FROM departments WHERE workspace_id = :workspaceId AND archived_at IS NULL ORDER BY lower(name), id',
    { workspaceId },
  );
  return rows.map(({ id, name, is_default: isDefault }) => ({ id, name, isDefault }));
}

async function load(deps: Deps, tx: Tx, workspaceId: string, id: string): Promise<Department> {
  const found = (await listDepartments(deps, tx, workspaceId)).find((each) => each.id === id);
  if (found === undefined) {
    throw notFound('department');
  }
  return found;
}

/** Takes the lock under which the departments of a workspace are changed, and the default from whoever has it. */
async function prepare(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  wish: { id?: string; name?: string | undefined; isDefault?: boolean | undefined },
) {
  const { db } = deps;
  await db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId FOR UPDATE', { workspaceId });
  const others = (await listDepartments(deps, tx, workspaceId)).filter(({ id }) => id !== wish.id);
  if (wish.name !== undefined && others.some(({ name }) => name.toLowerCase() === wish.name?.toLowerCase())) {
    throw conflict('There is a department of this name already.');
  }
  if (wish.isDefault === true) {
    await db.change(tx, 'UPDATE departments SET is_default = false WHERE workspace_id = :workspaceId AND is_default', { workspaceId });
  }
  return others.length;
}

/** Adds a department. Throws conflict for a name that is taken. */
export function createDepartment(deps: Deps, person: Person, body: RouteInput<'createDepartment'>['body']): Promise<Department> {
  const { db, clock } = deps;
  const { workspaceId, userId } = person;
  return db.inWorkspace(workspaceId, async (tx) => {
    if ((await prepare(deps, tx, workspaceId, body)) >= maxDepartments) {
      throw wrongState(`A workspace has at most ${maxDepartments} departments.`);
    }
    const id = newId();
    await db.change(
      tx,
      'INSERT INTO departments (id, workspace_id, name, is_default, created_at) VALUES (:id, :workspaceId, :name, :isDefault, :now)',
      { id, workspaceId, ...body, now: clock.now() },
    );
    await deps.appendEvent(tx, { workspaceId, type: 'department.changed', subjectId: id, actorId: userId, data: { change: 'created' } });
    return load(deps, tx, workspaceId, id);
  });
}

/** Renames a department or makes it the default. Throws not_found, or conflict for a name that is taken. */
export function updateDepartment(
  deps: Deps,
  person: Person,
  id: string,
  body: RouteInput<'updateDepartment'>['body'],
): Promise<Department> {
  const { db } = deps;
  const { workspaceId, userId } = person;
  return db.inWorkspace(workspaceId, async (tx) => {
    const before = await load(deps, tx, workspaceId, id);
    await prepare(deps, tx, workspaceId, { ...body, id });
    const { name = before.name, isDefault = before.isDefault } = body;
    await db.change(tx, 'UPDATE departments SET name = :name, is_default = :isDefault WHERE id = :id', { id, name, isDefault });
    await deps.appendEvent(tx, { workspaceId, type: 'department.changed', subjectId: id, actorId: userId, data: { change: 'updated' } });
    return load(deps, tx, workspaceId, id);
  });
}

/** Takes a department out of the choice; what was charged to it stays so. */
export function deleteDepartment(deps: Deps, person: Person, id: string): Promise<void> {
  const { db, clock } = deps;
  const { workspaceId, userId } = person;
  return db.inWorkspace(workspaceId, async (tx) => {
    await load(deps, tx, workspaceId, id);
    await db.change(tx, 'UPDATE departments SET archived_at = :now, is_default = false WHERE id = :id', { id, now: clock.now() });
    await deps.appendEvent(tx, { workspaceId, type: 'department.changed', subjectId: id, actorId: userId, data: { change: 'deleted' } });
  });
}

/**
 * Charges a video to a department; null to none, undefined to the default of the workspace. Answers which one. Throws not_found for one that
 * cannot be chosen.
 */
export async function chargeVideo(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  departmentId: string | null | undefined,
): Promise<string | null> {
  const { db } = deps;
  const { id: videoId, workspaceId } = video;
  const chosen =
    departmentId === undefined
      ? ((await listDepartments(deps, tx, workspaceId)).find(({ isDefault }) => isDefault)?.id ?? null)
      : departmentId === null
        ? null
        : (await load(deps, tx, workspaceId, departmentId)).id;
  if (chosen === null) {
    await db.change(tx, 'DELETE FROM video_departments WHERE video_id = :videoId', { videoId });
    return null;
  }
  await db.change(
    tx,
    `INSERT INTO video_departments (video_id, workspace_id, department_id) VALUES (:videoId, :workspaceId, :chosen)
     ON CONFLICT (video_id) DO UPDATE SET department_id = EXCLUDED.department_id`,
    { videoId, workspaceId, chosen },
  );
  return chosen;
}

/** The department that a video is charged to; null for none, or for one that is no longer chosen. */
export async function readDepartment(deps: Deps, tx: Tx, videoId: string): Promise<string | null> {
  const [row] = await deps.db.rows<{ department_id: string }>(
    tx,
    `SELECT c.department_id FROM video_departments c JOIN departments d ON d.id = c.department_id AND d.archived_at IS NULL
     WHERE c.video_id = :videoId`,
    { videoId },
  );
  return row?.department_id ?? null;
}
