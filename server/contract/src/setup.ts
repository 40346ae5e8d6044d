import { z } from 'zod';
import { timeSchema } from './common.ts';
import { route } from './route.ts';
import { engineTestSchema } from './speech.ts';

/** What an installation needs before people work on it, in the order in which it is set up. */
export const setupSteps = ['administrator', 'storage', 'agent', 'transcription', 'mail', 'plans', 'sample'] as const;
export const setupStepNameSchema = z.enum(setupSteps);
export type SetupStepName = z.infer<typeof setupStepNameSchema>;

export const setupStepStateSchema = z
  .enum(['open', 'done', 'skipped'])
  .describe('done: it was tried and worked. skipped: an administrator does without it for now');
export type SetupStepState = z.infer<typeof setupStepStateSchema>;

/** How far the first set-up of an installation is. */
export const setupSchema = z.object({
  steps: z.array(
    z.object({
      name: setupStepNameSchema,
      state: setupStepStateSchema,
      at: timeSchema.nullable().describe('When it was done or skipped'),
    }),
  ),
});
export type Setup = z.infer<typeof setupSchema>;

/** The first set-up of an installation. */
export const setupRoutes = {
  getSetup: route({
    method: 'GET',
    path: '/api/v1/setup',
    summary: 'How far the first set-up is',
    policy: 'admin',
    reply: setupSchema,
    status: 200,
  }),
  putSetupStep: route({
    method: 'PUT',
    path: '/api/v1/setup/:step',
    summary: 'Note that a step of the first set-up was done or skipped, or open it again',
    policy: 'admin',
    params: z.object({ step: setupStepNameSchema }),
    body: z.object({ state: setupStepStateSchema }),
    reply: setupSchema,
    status: 200,
  }),
  testMail: route({
    method: 'POST',
    path: '/api/v1/mail-tests',
    summary: 'Hand a mail to yourself to the mail server, and say what the server answered',
    policy: 'admin',
    reply: engineTestSchema,
    status: 201,
  }),
} as const;
