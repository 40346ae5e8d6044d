import { z } from 'zod';
import { idSchema, timeSchema } from './common.ts';
import { marketingOfferSchema } from './consent.ts';

export const roleSchema = z.enum(['owner', 'editor', 'viewer']);
export type Role = z.infer<typeof roleSchema>;

/** Passwords: a length and nothing else (NIST SP 800-63B section 5.1.1). */
export const passwordSchema = z.string().min(8).max(128).describe('8 to 128 characters');
export const emailSchema = z.email().max(254).describe('Email address');
export const personNameSchema = z.string().trim().min(1).max(100);

export const signInBodySchema = z.object({ email: emailSchema, password: z.string().max(128) });
export const oneTimeSignInBodySchema = z.object({ token: z.string().min(20).max(200).describe('From the printed link') });

/** That an administrator has shut a workspace or an account, and why. */
export const suspensionSchema = z.object({ since: timeSchema, reason: z.string() });
export const suspensionReasonSchema = z.string().trim().min(3).max(1000).describe('Why; those who are shut out see it');

/** The signed-in person, and what they may do where. */
export const meSchema = z.object({
  id: idSchema,
  email: z.string(),
  name: z.string(),
  isAdmin: z.boolean(),
  hasPassword: z.boolean().describe('False until the first administrator has chosen one'),
  workspaces: z.array(z.object({ id: idSchema, name: z.string(), role: roleSchema })),
  workspaceId: idSchema.describe('The workspace this session works in'),
  needsSecondFactor: z
    .boolean()
    .describe('True until a second factor that your role demands is set up; only account routes answer until then'),
  hasSecondFactor: z.boolean(),
  suspension: suspensionSchema.nullable().describe('Set while an administrator has suspended the workspace: only account routes answer'),
});
export type Me = z.infer<typeof meSchema>;

export const updateMeBodySchema = z.object({
  name: personNameSchema.optional(),
  email: emailSchema.optional(),
  newPassword: passwordSchema.optional(),
  currentPassword: z.string().max(128).optional().describe('Needed to change an email or password once a password is set'),
});

/** What anybody may know of this installation before signing in, and the limits an upload meets. */
export const instanceSchema = z.object({
  name: z.string(),
  version: z.string(),
  limits: z.object({
    uploadBytes: z.number().int(),
    durationSeconds: z.number().int(),
    framePixels: z.number().int(),
  }),
  signUp: z.enum(['closed', 'invitation', 'domain', 'open']).describe('Who may make an account here'),
  canImport: z.boolean().describe('Whether videos may be made from addresses: the operator opened hosts'),
  sellsPlans: z.boolean().describe('Whether workspaces can subscribe to plans here'),
  reportsErrors: z.boolean().describe('Whether faults are reported, by kind and place'),
  marketing: marketingOfferSchema.describe('What the form for a new account says of marketing mail'),
  isMailOn: z.boolean().describe('Whether a mail server is set; without one administrators hand links over'),
  transcription: z.object({
    engine: z.enum(['deepgram', 'local', 'none']),
    explanation: z.string().describe('Which engine hears speech here, or why none does'),
  }),
});
export type Instance = z.infer<typeof instanceSchema>;

export const sessionReplySchema = z.object({ me: meSchema, expiresAt: timeSchema });
