import { z } from 'zod';
import {
  emailSchema,
  meSchema,
  passwordSchema,
  personNameSchema,
  roleSchema,
  sessionReplySchema,
  suspensionReasonSchema,
} from './accounts.ts';
import { mailLanguageSchema } from './consent.ts';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

const tokenSchema = z.string().min(20).max(200);

export const signUpModes = ['closed', 'invitation', 'domain', 'open'] as const;
export const signUpModeSchema = z.enum(signUpModes).describe('Who may make an account: nobody, the invited, some email domains, anybody');

export const signUpBodySchema = z.object({
  email: emailSchema,
  name: personNameSchema,
  password: passwordSchema,
  wantsNews: z.boolean().default(false).describe('Whether marketing mail is wanted; an account is made without it just as well'),
  language: mailLanguageSchema.default('en'),
});
export const acceptedReplySchema = z.object({
  message: z.string().describe('The same for known and unknown addresses'),
});

/** What stands between a right password and a session. */
export const secondFactorStepSchema = z.object({
  token: z.string().describe('Names this sign-in; good for five minutes'),
  methods: z.array(z.enum(['totp', 'passkey', 'recovery'])),
  passkeyOptions: z.record(z.string(), z.unknown()).nullable().describe('Options for navigator.credentials.get, when there is a passkey'),
});
export type SecondFactorStep = z.infer<typeof secondFactorStepSchema>;
export const signInReplySchema = z.object({
  me: meSchema.nullable().describe('Null while a second factor is missing'),
  expiresAt: timeSchema.nullable(),
  secondFactor: secondFactorStepSchema.nullable(),
});

const credentialSchema = z.record(z.string(), z.unknown()).describe('The credential as the browser answered it (WebAuthn JSON)');
const codeSchema = z.string().trim().min(6).max(40).describe('Six digits of an authenticator app, or a recovery code');

/** A proof that the person is there; one of these is enough. */
export const proofBodySchema = z.object({
  password: z.string().max(128).optional(),
  code: codeSchema.optional(),
  passkey: z.object({ token: tokenSchema, response: credentialSchema }).optional(),
});

export const sessionInfoSchema = z.object({
  id: idSchema,
  isCurrent: z.boolean(),
  browser: z.string().nullable().describe('Browser and system in words'),
  workspaceId: idSchema,
  createdAt: timeSchema,
  lastSeenAt: timeSchema,
  expiresAt: timeSchema,
});
export type SessionInfo = z.infer<typeof sessionInfoSchema>;

export const passkeySchema = z.object({ id: idSchema, name: z.string(), createdAt: timeSchema, lastUsedAt: timeSchema.nullable() });
export const secondFactorsSchema = z.object({
  hasTotp: z.boolean(),
  passkeys: z.array(passkeySchema),
  recoveryCodesLeft: z.number().int(),
  isRequired: z.boolean().describe('An administrator demands a second factor for your role'),
});
export type SecondFactors = z.infer<typeof secondFactorsSchema>;
const recoveryCodesSchema = z.object({ recoveryCodes: z.array(z.string()).describe('Shown once; each works once') });
const challengeSchema = z.object({ token: z.string(), options: z.record(z.string(), z.unknown()) });

/** Accounts: making one, signing in, proving oneself, second factors, sessions, leaving. */
export const identityRoutes = {
  createSignUp: route({
    method: 'POST',
    path: '/api/v1/sign-ups',
    summary: 'Ask for an account; a link to confirm the address is sent',
    policy: 'public',
    body: signUpBodySchema,
    reply: acceptedReplySchema,
    status: 202,
  }),
  confirmSignUp: route({
    method: 'POST',
    path: '/api/v1/sign-up-confirmations',
    summary: 'Confirm the address of a new account; opens a session',
    policy: 'public',
    body: z.object({ token: tokenSchema }),
    reply: sessionReplySchema,
    status: 201,
  }),
  createPasswordReset: route({
    method: 'POST',
    path: '/api/v1/password-resets',
    summary: 'Ask for a link that sets a new password',
    policy: 'public',
    body: z.object({ email: emailSchema }),
    reply: acceptedReplySchema,
    status: 202,
  }),
  completePasswordReset: route({
    method: 'POST',
    path: '/api/v1/password-reset-completions',
    summary: 'Set a new password with the link; ends every session',
    policy: 'public',
    body: z.object({ token: tokenSchema, password: passwordSchema }),
    reply: noContentSchema,
    status: 204,
  }),
  confirmEmail: route({
    method: 'POST',
    path: '/api/v1/email-confirmations',
    summary: 'Confirm a changed address with the link sent to it',
    policy: 'public',
    body: z.object({ token: tokenSchema }),
    reply: noContentSchema,
    status: 204,
  }),
  createSecondFactorSession: route({
    method: 'POST',
    path: '/api/v1/second-factor-sessions',
    summary: 'Finish a sign-in with a second factor',
    policy: 'public',
    body: z.object({ token: tokenSchema, code: codeSchema.optional(), passkey: credentialSchema.optional() }),
    reply: sessionReplySchema,
    status: 201,
  }),
  createPasskeyChallenge: route({
    method: 'POST',
    path: '/api/v1/passkey-challenges',
    summary: 'Begin a sign-in or a proof with a passkey',
    policy: 'public',
    reply: challengeSchema,
    status: 201,
  }),
  createPasskeySession: route({
    method: 'POST',
    path: '/api/v1/passkey-sessions',
    summary: 'Sign in with a passkey alone',
    policy: 'public',
    body: z.object({ token: tokenSchema, response: credentialSchema }),
    reply: sessionReplySchema,
    status: 201,
  }),
  createReauthentication: route({
    method: 'POST',
    path: '/api/v1/me/reauthentications',
    summary: 'Prove yourself again, before a change of email, password, second factor or an erasure; good for ten minutes',
    policy: 'person',
    body: proofBodySchema,
    reply: noContentSchema,
    status: 204,
  }),
  listSessions: route({
    method: 'GET',
    path: '/api/v1/me/sessions',
    summary: 'Where you are signed in',
    policy: 'person',
    reply: z.object({ items: z.array(sessionInfoSchema) }),
    status: 200,
  }),
  endSession: route({
    method: 'DELETE',
    path: '/api/v1/me/sessions/:id',
    summary: 'Sign out somewhere else',
    policy: 'person',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  endOtherSessions: route({
    method: 'DELETE',
    path: '/api/v1/me/sessions',
    summary: 'Sign out everywhere else',
    policy: 'person',
    reply: noContentSchema,
    status: 204,
  }),
  switchWorkspace: route({
    method: 'PUT',
    path: '/api/v1/me/workspace',
    summary: 'Work in another of your workspaces from now on',
    policy: 'person',
    body: z.object({ workspaceId: idSchema }),
    reply: meSchema,
    status: 200,
  }),
  deleteMe: route({
    method: 'DELETE',
    path: '/api/v1/me',
    summary: 'Delete your account; workspaces that only you own go with everything in them',
    policy: 'person',
    body: z.object({ confirmation: z.literal('delete my account') }),
    reply: noContentSchema,
    status: 204,
  }),
  getSecondFactors: route({
    method: 'GET',
    path: '/api/v1/me/second-factors',
    summary: 'Your second factors',
    policy: 'person',
    reply: secondFactorsSchema,
    status: 200,
  }),
  createTotp: route({
    method: 'POST',
    path: '/api/v1/me/totp',
    summary: 'Begin to set up an authenticator app (RFC 6238)',
    policy: 'person',
    reply: z.object({ secret: z.string().describe('Base32'), uri: z.string().describe('otpauth address, for a QR code') }),
    status: 201,
  }),
  confirmTotp: route({
    method: 'PUT',
    path: '/api/v1/me/totp/confirmation',
    summary: 'Finish the set-up with a code; ends your other sessions',
    policy: 'person',
    body: z.object({ code: codeSchema }),
    reply: recoveryCodesSchema,
    status: 200,
  }),
  deleteTotp: route({
    method: 'DELETE',
    path: '/api/v1/me/totp',
    summary: 'Remove the authenticator app',
    policy: 'person',
    reply: noContentSchema,
    status: 204,
  }),
  createRecoveryCodes: route({
    method: 'POST',
    path: '/api/v1/me/recovery-codes',
    summary: 'New recovery codes; the old ones end',
    policy: 'person',
    reply: recoveryCodesSchema,
    status: 201,
  }),
  createPasskeyRegistration: route({
    method: 'POST',
    path: '/api/v1/me/passkey-registrations',
    summary: 'Begin to add a passkey',
    policy: 'person',
    reply: challengeSchema,
    status: 201,
  }),
  createPasskey: route({
    method: 'POST',
    path: '/api/v1/me/passkeys',
    summary: 'Add the passkey that the browser made',
    policy: 'person',
    body: z.object({ token: tokenSchema, name: personNameSchema, response: credentialSchema }),
    reply: passkeySchema.extend({ recoveryCodes: z.array(z.string()).describe('Only with the first second factor; shown once') }),
    status: 201,
  }),
  deletePasskey: route({
    method: 'DELETE',
    path: '/api/v1/me/passkeys/:id',
    summary: 'Remove a passkey',
    policy: 'person',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
} as const satisfies Record<string, RouteDefinition>;

export const accountSettingsSchema = z.object({
  signUp: signUpModeSchema,
  allowedDomains: z
    .array(
      z
        .string()
        .toLowerCase()
        .regex(/^[a-z0-9.-]+\.[a-z]{2,}$/),
    )
    .max(100)
    .describe('For sign-up by domain'),
  secondFactorFor: z.array(z.enum(['owner', 'editor', 'viewer', 'admin'])).describe('Roles that must have a second factor'),
  consoleAddresses: z.array(z.string()).max(200).describe('CIDR ranges that may use console and API; empty: all'),
  adminAddresses: z.array(z.string()).max(200).describe('CIDR ranges from which administrators may act; empty: all'),
});
export type AccountSettings = z.infer<typeof accountSettingsSchema>;

const personRowSchema = z.object({
  id: idSchema,
  email: z.string(),
  name: z.string(),
  kind: z.enum(['person', 'service']),
  isAdmin: z.boolean(),
  isBreakGlass: z.boolean().describe('Signs in by password even where an identity provider is enforced'),
  hasSecondFactor: z.boolean(),
  suspendedAt: timeSchema.nullable(),
  suspensionReason: z.string().nullable(),
  createdAt: timeSchema,
  lastSeenAt: timeSchema.nullable(),
  workspaces: z.array(z.object({ id: idSchema, name: z.string(), role: roleSchema })),
});
export type PersonRow = z.infer<typeof personRowSchema>;

/** What waits to be sent and can be handed over by an administrator, because no mail server is set. */
const pendingLinkSchema = z.object({
  id: idSchema,
  kind: z.string(),
  email: z.string(),
  link: z.string(),
  createdAt: timeSchema,
  expiresAt: timeSchema,
});
export type PendingLink = z.infer<typeof pendingLinkSchema>;

/** Administration of people and of how they sign in. */
export const peopleRoutes = {
  getAccountSettings: route({
    method: 'GET',
    path: '/api/v1/account-settings',
    summary: 'Who may sign up, who needs a second factor, from which addresses',
    policy: 'admin',
    reply: accountSettingsSchema,
    status: 200,
    hasEtag: true,
  }),
  putAccountSettings: route({
    method: 'PUT',
    path: '/api/v1/account-settings',
    summary: 'Change them',
    policy: 'admin',
    body: accountSettingsSchema,
    reply: accountSettingsSchema,
    status: 200,
    hasEtag: true,
    demandsMatch: true,
  }),
  listUsers: route({
    method: 'GET',
    path: '/api/v1/users',
    summary: 'Accounts of this installation',
    policy: 'admin',
    query: z.object({
      cursor: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(50),
      search: z.string().max(100).optional(),
    }),
    reply: z.object({ items: z.array(personRowSchema), nextCursor: z.string().nullable() }),
    status: 200,
  }),
  createUser: route({
    method: 'POST',
    path: '/api/v1/users',
    summary: 'Invite somebody to this installation, with a workspace of their own',
    policy: 'admin',
    body: z.object({ email: emailSchema, name: personNameSchema, isAdmin: z.boolean().default(false) }),
    reply: z.object({ user: personRowSchema, link: z.string().describe('Sets the password; works once, for seven days') }),
    status: 201,
  }),
  updateUser: route({
    method: 'PATCH',
    path: '/api/v1/users/:id',
    summary: 'Suspend somebody, let them in again, or make them an administrator',
    policy: 'admin',
    params: idParamsSchema,
    body: z
      .object({
        isSuspended: z.boolean().optional(),
        reason: suspensionReasonSchema.optional().describe('Of the suspension; needed to suspend, kept for administrators'),
        isAdmin: z.boolean().optional(),
        isBreakGlass: z.boolean().optional(),
      })
      .refine(({ isSuspended, reason }) => isSuspended !== true || reason !== undefined, {
        path: ['reason'],
        message: 'Say why this person is suspended.',
      }),
    reply: personRowSchema,
    status: 200,
  }),
  createUserReset: route({
    method: 'POST',
    path: '/api/v1/users/:id/password-resets',
    summary: 'A link with which somebody sets a new password; optionally removes their second factors',
    policy: 'admin',
    params: idParamsSchema,
    body: z.object({ removeSecondFactors: z.boolean().default(false) }),
    reply: z.object({ link: z.string(), expiresAt: timeSchema }),
    status: 201,
  }),
  listPendingLinks: route({
    method: 'GET',
    path: '/api/v1/pending-links',
    summary: 'Links that no mail server could send: hand them over by another way',
    policy: 'admin',
    reply: z.object({ items: z.array(pendingLinkSchema), isMailOn: z.boolean() }),
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
