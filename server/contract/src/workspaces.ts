import { z } from 'zod';
import { emailSchema, personNameSchema, roleSchema, sessionReplySchema, passwordSchema } from './accounts.ts';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

export const memberSchema = z.object({
  id: idSchema.describe('The member’s user id'),
  name: z.string(),
  email: z.string(),
  kind: z.enum(['person', 'service']),
  role: roleSchema,
  hasSecondFactor: z.boolean(),
  joinedAt: timeSchema,
});
export type Member = z.infer<typeof memberSchema>;

export const invitationSchema = z.object({
  id: idSchema,
  email: z.string(),
  role: roleSchema,
  createdAt: timeSchema,
  expiresAt: timeSchema,
});
export type Invitation = z.infer<typeof invitationSchema>;

export const ownWorkspaceSchema = z.object({ id: idSchema, name: z.string(), role: roleSchema, createdAt: timeSchema });

export const mediaVisitSchema = z.object({
  id: idSchema,
  reason: z.string(),
  administrator: z.string().nullable(),
  createdAt: timeSchema,
  expiresAt: timeSchema,
});
export type MediaVisit = z.infer<typeof mediaVisitSchema>;

/** Keys: what each scope lets a key do. */
export const scopes = ['read', 'write', 'manage', 'admin'] as const;
export const scopeSchema = z
  .enum(scopes)
  .describe('read: what viewers may; write: what editors may; manage: what owners may; admin: the installation');
export type Scope = z.infer<typeof scopeSchema>;

export const apiKeySchema = z.object({
  id: idSchema,
  name: z.string(),
  prefix: z.string().describe('The first characters, to recognise a key by'),
  scopes: z.array(scopeSchema),
  addresses: z.array(z.string()).describe('CIDR ranges the key works from; empty: all'),
  owner: z.object({ id: idSchema, name: z.string(), kind: z.enum(['person', 'service']) }),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  lastUsedAt: timeSchema.nullable(),
  lastUsedAddress: z.string().nullable(),
  replacedAt: timeSchema.nullable().describe('Set when a newer key replaces this one; it ends at expiresAt'),
});
export type ApiKey = z.infer<typeof apiKeySchema>;
const newKeySchema = z.object({ key: apiKeySchema, secret: z.string().describe('Shown only now') });

const apiKeyBodySchema = z.object({
  name: personNameSchema,
  scopes: z.array(scopeSchema).min(1),
  expiresInDays: z.number().int().min(1).max(3650).nullable().default(90),
  addresses: z.array(z.string().max(50)).max(50).default([]),
  serviceAccountId: idSchema.optional().describe('For a service account of this workspace (owners only); otherwise for yourself'),
});

/** Workspaces, their members and invitations. */
export const workspaceRoutes = {
  createWorkspace: route({
    method: 'POST',
    path: '/api/v1/workspaces',
    summary: 'Make another workspace; you are its owner',
    policy: 'person',
    body: z.object({ name: personNameSchema }),
    reply: ownWorkspaceSchema,
    status: 201,
  }),
  getOwnWorkspace: route({
    method: 'GET',
    path: '/api/v1/workspace',
    summary: 'The workspace you are in',
    policy: 'viewer',
    reply: ownWorkspaceSchema,
    status: 200,
    hasEtag: true,
  }),
  updateOwnWorkspace: route({
    method: 'PATCH',
    path: '/api/v1/workspace',
    summary: 'Rename it',
    policy: 'owner',
    body: z.object({ name: personNameSchema }),
    reply: ownWorkspaceSchema,
    status: 200,
    hasEtag: true,
  }),
  listMembers: route({
    method: 'GET',
    path: '/api/v1/members',
    summary: 'Members of the workspace',
    policy: 'viewer',
    reply: z.object({ items: z.array(memberSchema) }),
    status: 200,
  }),
  updateMember: route({
    method: 'PATCH',
    path: '/api/v1/members/:id',
    summary: 'Change a member’s role',
    policy: 'owner',
    params: idParamsSchema,
    body: z.object({ role: roleSchema }),
    reply: memberSchema,
    status: 200,
  }),
  removeMember: route({
    method: 'DELETE',
    path: '/api/v1/members/:id',
    summary: 'Remove a member, or leave',
    policy: 'viewer',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  transferOwnership: route({
    method: 'PUT',
    path: '/api/v1/workspace/owner',
    summary: 'Hand the workspace to another member; you become an editor',
    policy: 'owner',
    body: z.object({ userId: idSchema }),
    reply: z.object({ items: z.array(memberSchema) }),
    status: 200,
  }),
  listInvitations: route({
    method: 'GET',
    path: '/api/v1/invitations',
    summary: 'Open invitations',
    policy: 'owner',
    reply: z.object({ items: z.array(invitationSchema) }),
    status: 200,
  }),
  createInvitation: route({
    method: 'POST',
    path: '/api/v1/invitations',
    summary: 'Invite somebody to the workspace',
    policy: 'owner',
    body: z.object({ email: emailSchema, role: roleSchema }),
    reply: z.object({ invitation: invitationSchema, link: z.string().describe('Works once, for seven days; shown only now') }),
    status: 201,
  }),
  deleteInvitation: route({
    method: 'DELETE',
    path: '/api/v1/invitations/:id',
    summary: 'Take an invitation back',
    policy: 'owner',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  getInvitation: route({
    method: 'POST',
    path: '/api/v1/invitation-lookups',
    summary: 'What a link invites to',
    policy: 'public',
    body: z.object({ token: z.string().min(20).max(200) }),
    reply: z.object({ workspaceName: z.string(), email: z.string(), role: roleSchema, hasAccount: z.boolean() }),
    status: 200,
  }),
  acceptInvitation: route({
    method: 'POST',
    path: '/api/v1/invitation-acceptances',
    summary: 'Join with a new account; opens a session',
    policy: 'public',
    body: z.object({ token: z.string().min(20).max(200), name: personNameSchema, password: passwordSchema }),
    reply: sessionReplySchema,
    status: 201,
  }),
  joinWorkspace: route({
    method: 'POST',
    path: '/api/v1/me/invitation-acceptances',
    summary: 'Join with the account you are signed in with',
    policy: 'person',
    body: z.object({ token: z.string().min(20).max(200) }),
    reply: ownWorkspaceSchema,
    status: 201,
  }),
  createServiceAccount: route({
    method: 'POST',
    path: '/api/v1/service-accounts',
    summary: 'An account for a program: it has API keys and cannot sign in',
    policy: 'owner',
    body: z.object({ name: personNameSchema, role: roleSchema }),
    reply: memberSchema,
    status: 201,
  }),
  listApiKeys: route({
    method: 'GET',
    path: '/api/v1/api-keys',
    summary: 'Your keys; owners see those of service accounts too',
    policy: 'viewer',
    reply: z.object({ items: z.array(apiKeySchema) }),
    status: 200,
  }),
  createApiKey: route({
    method: 'POST',
    path: '/api/v1/api-keys',
    summary: 'Make a key; its secret is shown once',
    policy: 'viewer',
    isForSessions: true,
    body: apiKeyBodySchema,
    reply: newKeySchema,
    status: 201,
  }),
  rotateApiKey: route({
    method: 'POST',
    path: '/api/v1/api-keys/:id/rotations',
    summary: 'A new secret; the old one works on for the overlap',
    policy: 'viewer',
    params: idParamsSchema,
    body: z.object({ overlapHours: z.number().int().min(0).max(720).default(24) }),
    reply: newKeySchema,
    status: 201,
  }),
  deleteApiKey: route({
    method: 'DELETE',
    path: '/api/v1/api-keys/:id',
    summary: 'End a key at once',
    policy: 'viewer',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  createMediaVisit: route({
    method: 'POST',
    path: '/api/v1/workspaces/:id/media-visits',
    summary: 'Open a customer’s media for an hour, with a reason that the customer sees',
    policy: 'admin',
    isForSessions: true,
    params: idParamsSchema,
    body: z.object({ reason: z.string().trim().min(10).max(500) }),
    reply: mediaVisitSchema,
    status: 201,
  }),
  listMediaVisits: route({
    method: 'GET',
    path: '/api/v1/media-visits',
    summary: 'When administrators opened the media of this workspace, and why',
    policy: 'viewer',
    reply: z.object({ items: z.array(mediaVisitSchema) }),
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
