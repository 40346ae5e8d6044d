/** SCIM 2.0 (RFC 7643, RFC 7644): a directory provisions people and groups. */
import { z } from 'zod';
import { idParamsSchema, noContentSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

const text = (longest: number) => z.string().max(longest);

/** Attributes of a person that are taken; others are let pass and not kept (RFC 7644, section 3.3). */
export const directoryPersonBodySchema = z.looseObject({
  userName: text(254).describe('An email address'),
  externalId: text(200).nullish(),
  displayName: text(200).nullish(),
  name: z.looseObject({ formatted: text(200).nullish(), givenName: text(200).nullish(), familyName: text(200).nullish() }).nullish(),
  emails: z
    .array(z.looseObject({ value: text(254), primary: z.boolean().optional() }))
    .max(20)
    .nullish(),
  active: z.boolean().default(true),
});

export const directoryGroupBodySchema = z.looseObject({
  displayName: text(200).min(1),
  externalId: text(200).nullish(),
  members: z
    .array(z.looseObject({ value: text(100) }))
    .max(20_000)
    .default([]),
});

/** Operations of a PATCH; `op` in any case, as some directories write it. */
export const directoryPatchBodySchema = z.looseObject({
  Operations: z
    .array(z.looseObject({ op: z.string().max(10), path: text(300).nullish(), value: z.unknown().optional() }))
    .min(1)
    .max(100),
});

const metaSchema = z.object({ resourceType: z.string(), created: z.string(), lastModified: z.string(), location: z.string() });

export const directoryPersonSchema = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  userName: z.string(),
  displayName: z.string(),
  name: z.object({ formatted: z.string() }),
  emails: z.array(z.object({ value: z.string(), primary: z.boolean(), type: z.string() })),
  active: z.boolean(),
  groups: z.array(z.object({ value: z.string(), display: z.string() })),
  meta: metaSchema,
});
export type DirectoryPerson = z.infer<typeof directoryPersonSchema>;

export const directoryGroupSchema = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  displayName: z.string(),
  members: z.array(z.object({ value: z.string(), display: z.string() })),
  meta: metaSchema,
});
export type DirectoryGroup = z.infer<typeof directoryGroupSchema>;

const listOf = <T extends z.ZodType>(item: T) =>
  z.object({
    schemas: z.array(z.string()),
    totalResults: z.number().int(),
    startIndex: z.number().int(),
    itemsPerPage: z.number().int(),
    Resources: z.array(item),
  });

const listQuerySchema = z.looseObject({
  filter: text(500)
    .optional()
    .describe('attribute eq "value"; of people userName, externalId and id, of groups displayName, externalId and id'),
  startIndex: z.coerce.number().int().min(-1_000_000).max(1_000_000).default(1),
  count: z.coerce.number().int().min(-1_000_000).max(1_000_000).default(100),
  excludedAttributes: text(200).optional().describe('`members` leaves them out of groups'),
});

const describing = z.record(z.string(), z.unknown());

/** What the body of an error is (RFC 7644, section 3.12). */
export const directoryErrorSchema = z.object({
  schemas: z.array(z.literal('urn:ietf:params:scim:api:messages:2.0:Error')),
  status: z.string(),
  scimType: z.string().optional(),
  detail: z.string(),
});
export type DirectoryError = z.infer<typeof directoryErrorSchema>;

const directory = { policy: 'directory', status: 200 } as const;

/** Provisioning by a directory. */
export const directoryRoutes = {
  getDirectoryFeatures: route({
    ...directory,
    method: 'GET',
    path: '/scim/v2/ServiceProviderConfig',
    summary: 'What of SCIM is spoken here',
    reply: describing,
  }),
  listDirectoryTypes: route({ ...directory, method: 'GET', path: '/scim/v2/ResourceTypes', summary: 'User and Group', reply: describing }),
  listDirectorySchemas: route({ ...directory, method: 'GET', path: '/scim/v2/Schemas', summary: 'Their attributes', reply: describing }),
  listDirectoryPeople: route({
    ...directory,
    method: 'GET',
    path: '/scim/v2/Users',
    summary: 'People that this directory provisioned',
    query: listQuerySchema,
    reply: listOf(directoryPersonSchema),
  }),
  createDirectoryPerson: route({
    ...directory,
    method: 'POST',
    path: '/scim/v2/Users',
    summary: 'Provision somebody; an account with this address is taken over when its domain belongs to the provider',
    body: directoryPersonBodySchema,
    reply: directoryPersonSchema,
    status: 201,
  }),
  getDirectoryPerson: route({
    ...directory,
    method: 'GET',
    path: '/scim/v2/Users/:id',
    summary: 'One person',
    params: idParamsSchema,
    reply: directoryPersonSchema,
  }),
  putDirectoryPerson: route({
    ...directory,
    method: 'PUT',
    path: '/scim/v2/Users/:id',
    summary: 'Replace a person’s attributes',
    params: idParamsSchema,
    body: directoryPersonBodySchema,
    reply: directoryPersonSchema,
  }),
  patchDirectoryPerson: route({
    ...directory,
    method: 'PATCH',
    path: '/scim/v2/Users/:id',
    summary: 'Change some; active false ends every session at once',
    params: idParamsSchema,
    body: directoryPatchBodySchema,
    reply: directoryPersonSchema,
  }),
  deleteDirectoryPerson: route({
    ...directory,
    method: 'DELETE',
    path: '/scim/v2/Users/:id',
    summary: 'Deprovision: sessions end, memberships by group go, the account is suspended',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  listDirectoryGroups: route({
    ...directory,
    method: 'GET',
    path: '/scim/v2/Groups',
    summary: 'Groups that this directory provisioned',
    query: listQuerySchema,
    reply: listOf(directoryGroupSchema),
  }),
  createDirectoryGroup: route({
    ...directory,
    method: 'POST',
    path: '/scim/v2/Groups',
    summary: 'Provision a group',
    body: directoryGroupBodySchema,
    reply: directoryGroupSchema,
    status: 201,
  }),
  getDirectoryGroup: route({
    ...directory,
    method: 'GET',
    path: '/scim/v2/Groups/:id',
    summary: 'One group',
    params: idParamsSchema,
    reply: directoryGroupSchema,
  }),
  putDirectoryGroup: route({
    ...directory,
    method: 'PUT',
    path: '/scim/v2/Groups/:id',
    summary: 'Replace a group',
    params: idParamsSchema,
    body: directoryGroupBodySchema,
    reply: directoryGroupSchema,
  }),
  patchDirectoryGroup: route({
    ...directory,
    method: 'PATCH',
    path: '/scim/v2/Groups/:id',
    summary: 'Add and remove members, or rename',
    params: idParamsSchema,
    body: directoryPatchBodySchema,
    reply: directoryGroupSchema,
  }),
  deleteDirectoryGroup: route({
    ...directory,
    method: 'DELETE',
    path: '/scim/v2/Groups/:id',
    summary: 'Remove a group; roles that it gave go',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
} as const satisfies Record<string, RouteDefinition>;
