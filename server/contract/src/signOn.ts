import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { roleSchema } from './accounts.ts';
import { signInReplySchema } from './identity.ts';
import { route, type RouteDefinition } from './route.ts';

const domainSchema = z
  .string()
  .toLowerCase()
  .max(253)
  .regex(/^[a-z0-9.-]+\.[a-z]{2,}$/);

export const groupMappingSchema = z.object({
  group: z.string().trim().min(1).max(200).describe('As the provider writes it'),
  workspaceId: idSchema,
  role: roleSchema,
});
export type GroupMapping = z.infer<typeof groupMappingSchema>;

const settingsFields = {
  name: z.string().trim().min(1).max(60).describe('Shown on the sign-in page'),
  issuer: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .describe('Address of the provider; its discovery document is below it'),
  clientId: z.string().trim().min(1).max(300),
  scopes: z.string().trim().max(300).default('openid email profile').describe('Asked of the provider'),
  groupsClaim: z.string().trim().min(1).max(100).default('groups').describe('Claim that carries the groups of a person'),
  domains: z.array(domainSchema).max(100).default([]).describe('Email domains that belong to this provider'),
  isEnabled: z.boolean().default(false),
  isEnforced: z.boolean().default(false).describe('People of these domains sign in here and in no other way'),
  createsAccounts: z.boolean().default(true).describe('Makes an account at the first sign-on'),
  isEmailTrusted: z.boolean().default(false).describe('Takes addresses that the provider does not call verified'),
  isSecondFactorTrusted: z.boolean().default(false).describe('The provider demands a second factor itself, so none is asked for here'),
  administratorGroup: z.string().trim().min(1).max(200).nullable().default(null).describe('Its people administrate this installation'),
  mappings: z.array(groupMappingSchema).max(500).default([]).describe('Which group has which role in which workspace'),
} as const;

export const identityProviderBodySchema = z.object({
  ...settingsFields,
  clientSecret: z.string().min(1).max(1000).nullable().optional().describe('Left out: stays as it is; null: a public client'),
});

/** What a trial sign-on brought back. */
export const signOnTrialSchema = z.object({
  at: timeSchema,
  isOk: z.boolean(),
  message: z.string(),
  email: z.string().nullable(),
  groups: z.array(z.string()),
  grants: z.array(z.object({ workspaceId: idSchema, workspaceName: z.string(), role: roleSchema })),
  isAdministrator: z.boolean(),
});
export type SignOnTrial = z.infer<typeof signOnTrialSchema>;

export const identityProviderSchema = z.object({
  id: idSchema,
  ...settingsFields,
  hasClientSecret: z.boolean(),
  hasDirectoryToken: z.boolean().describe('Whether a directory may provision people and groups (SCIM)'),
  redirectUri: z.string().describe('To be registered at the provider'),
  directoryUrl: z.string().describe('Base address for SCIM 2.0'),
  lastTrial: signOnTrialSchema.nullable(),
  createdAt: timeSchema,
  version: z.string().describe('Its ETag: send it as If-Match with a change'),
});
export type IdentityProvider = z.infer<typeof identityProviderSchema>;

export const signOnCheckSchema = z.object({ name: z.string(), isOk: z.boolean(), message: z.string() });
export type SignOnCheck = z.infer<typeof signOnCheckSchema>;

/** Sign-on by OpenID Connect: the way in, and its set-up. */
export const signOnRoutes = {
  listSignOnOptions: route({
    method: 'GET',
    path: '/api/v1/sign-on-options',
    summary: 'Identity providers that people may sign in with',
    policy: 'public',
    reply: z.object({ items: z.array(z.object({ id: idSchema, name: z.string() })) }),
    status: 200,
  }),
  startSignOn: route({
    method: 'GET',
    path: '/api/v1/sign-on-options/:id/start',
    summary: 'Lead the browser to the identity provider',
    policy: 'public',
    params: idParamsSchema,
    query: z.object({ again: z.enum(['true', 'false']).default('false').describe('Ask for the credentials once more') }),
    reply: noContentSchema,
    status: 303,
    answers: 'redirect',
  }),
  finishSignOn: route({
    method: 'GET',
    path: '/api/v1/sign-on-callback',
    summary: 'Where the identity provider leads the browser back to',
    policy: 'public',
    query: z.record(z.string().max(100), z.unknown()),
    reply: noContentSchema,
    status: 303,
    answers: 'redirect',
  }),
  completeSignOn: route({
    method: 'POST',
    path: '/api/v1/sign-on-completions',
    summary: 'Open the session after the way back; the browser’s cookie names the sign-on',
    policy: 'public',
    reply: signInReplySchema,
    status: 201,
  }),
  listIdentityProviders: route({
    method: 'GET',
    path: '/api/v1/identity-providers',
    summary: 'Identity providers with their settings',
    policy: 'admin',
    reply: z.object({ items: z.array(identityProviderSchema) }),
    status: 200,
  }),
  getIdentityProvider: route({
    method: 'GET',
    path: '/api/v1/identity-providers/:id',
    summary: 'One identity provider',
    policy: 'admin',
    params: idParamsSchema,
    reply: identityProviderSchema,
    status: 200,
    hasEtag: true,
  }),
  createIdentityProvider: route({
    method: 'POST',
    path: '/api/v1/identity-providers',
    summary: 'Add an identity provider',
    policy: 'admin',
    body: identityProviderBodySchema,
    reply: identityProviderSchema,
    status: 201,
  }),
  putIdentityProvider: route({
    method: 'PUT',
    path: '/api/v1/identity-providers/:id',
    summary: 'Change it; enforcing needs a break-glass administrator',
    policy: 'admin',
    params: idParamsSchema,
    body: identityProviderBodySchema,
    reply: identityProviderSchema,
    status: 200,
    hasEtag: true,
    demandsMatch: true,
  }),
  deleteIdentityProvider: route({
    method: 'DELETE',
    path: '/api/v1/identity-providers/:id',
    summary: 'Remove it; sessions opened with it end, accounts stay',
    policy: 'admin',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  checkIdentityProvider: route({
    method: 'POST',
    path: '/api/v1/identity-providers/:id/checks',
    summary: 'Ask the provider now, and say what fits and what does not',
    policy: 'admin',
    params: idParamsSchema,
    reply: z.object({ items: z.array(signOnCheckSchema) }),
    status: 201,
  }),
  startSignOnTrial: route({
    method: 'GET',
    path: '/api/v1/identity-providers/:id/trial',
    summary: 'Sign in at the provider for a trial: nothing is changed, and the result stands in lastTrial',
    policy: 'admin',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 303,
    answers: 'redirect',
  }),
  createDirectoryToken: route({
    method: 'POST',
    path: '/api/v1/identity-providers/:id/directory-tokens',
    summary: 'A new token for the directory (SCIM); the old one ends',
    policy: 'admin',
    isForSessions: true,
    params: idParamsSchema,
    reply: z.object({ token: z.string().describe('Shown only now') }),
    status: 201,
  }),
  deleteDirectoryToken: route({
    method: 'DELETE',
    path: '/api/v1/identity-providers/:id/directory-tokens',
    summary: 'Shut the directory out',
    policy: 'admin',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
} as const satisfies Record<string, RouteDefinition>;
