import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema } from './common.ts';
import { route } from './route.ts';

/** A department of a workspace, to which work is charged inside the company. */
export const departmentSchema = z.object({
  id: idSchema,
  name: z.string(),
  isDefault: z.boolean().describe('Videos that name none are charged to it'),
});
export type Department = z.infer<typeof departmentSchema>;

const nameSchema = z.string().trim().min(1).max(80);

/** To whom work is charged inside a company. */
export const departmentRoutes = {
  listDepartments: route({
    method: 'GET',
    path: '/api/v1/departments',
    summary: 'Departments to which work can be charged',
    policy: 'viewer',
    reply: z.object({ items: z.array(departmentSchema) }),
    status: 200,
  }),
  createDepartment: route({
    method: 'POST',
    path: '/api/v1/departments',
    summary: 'Add a department; at most 200',
    policy: 'owner',
    body: z.object({ name: nameSchema, isDefault: z.boolean().default(false) }),
    reply: departmentSchema,
    status: 201,
  }),
  updateDepartment: route({
    method: 'PATCH',
    path: '/api/v1/departments/:id',
    summary: 'Rename a department, or make it the one of videos that name none',
    policy: 'owner',
    params: idParamsSchema,
    body: z.object({ name: nameSchema.optional(), isDefault: z.boolean().optional() }),
    reply: departmentSchema,
    status: 200,
  }),
  deleteDepartment: route({
    method: 'DELETE',
    path: '/api/v1/departments/:id',
    summary: 'Charge nothing new to a department; statements go on naming it',
    policy: 'owner',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  getVideoDepartment: route({
    method: 'GET',
    path: '/api/v1/videos/:id/department',
    summary: 'The department that a video is charged to',
    policy: 'viewer',
    params: idParamsSchema,
    reply: z.object({ departmentId: idSchema.nullable() }),
    status: 200,
  }),
  putVideoDepartment: route({
    method: 'PUT',
    path: '/api/v1/videos/:id/department',
    summary: 'Charge a video, with all that it has used, to another department or to none',
    policy: 'editor',
    params: idParamsSchema,
    body: z.object({ departmentId: idSchema.nullable() }),
    reply: z.object({ departmentId: idSchema.nullable() }),
    status: 200,
  }),
} as const;
