import { type Handlers, personOf } from '../http/request.ts';
import {
  chargeVideo,
  createDepartment,
  deleteDepartment,
  listDepartments,
  readDepartment,
  updateDepartment,
} from '../plans/departments.ts';
import { loadVideo } from './load.ts';

/** To whom work is charged inside a company. */
export const departmentHandlers = {
  async listDepartments(request) {
    const { workspaceId } = personOf(request);
    return { items: await request.deps.db.inWorkspace(workspaceId, (tx) => listDepartments(request.deps, tx, workspaceId)) };
  },
  createDepartment: (request) => createDepartment(request.deps, personOf(request), request.body),
  updateDepartment: (request) => updateDepartment(request.deps, personOf(request), request.params.id, request.body),
  async deleteDepartment(request) {
    await deleteDepartment(request.deps, personOf(request), request.params.id);
    return undefined;
  },
  async getVideoDepartment({ deps, params, ...request }) {
    const { workspaceId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      return { departmentId: await readDepartment(deps, tx, video.id) };
    });
  },
  async putVideoDepartment({ deps, params, body, ...request }) {
    const { workspaceId, userId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      const departmentId = await chargeVideo(deps, tx, video, body.departmentId);
      const event = { workspaceId, type: 'video.department_changed', videoId: video.id, subjectId: video.id, actorId: userId } as const;
      await deps.appendEvent(tx, { ...event, data: { departmentId } });
      return { departmentId };
    });
  },
} satisfies Partial<Handlers>;
