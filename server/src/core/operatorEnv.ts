import { z } from 'zod';

/** The environment variables that say who runs an installation. */
export const operatorEnv = {
  CARMIC_OPERATOR_NAME: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Who runs this installation, for the privacy policy; needed before accounts can be made without an invitation'),
  CARMIC_OPERATOR_ADDRESS: z.string().min(1).max(500).optional().describe('Postal address of the operator'),
  CARMIC_OPERATOR_EMAIL: z.email().optional().describe('Where people write about their data'),
  CARMIC_DPO_CONTACT: z.string().min(1).max(300).optional().describe('Data-protection officer, where there is one'),
  CARMIC_SUPERVISORY_AUTHORITY: z.string().min(1).max(300).optional().describe('Supervisory authority that people may complain to'),
  CARMIC_SENTRY_DSN: z
    .url()
    .optional()
    .describe(
      'Where faults are reported (Sentry in its EU region, or a server of your own that speaks its protocol): kind and places only; nobody without it',
    ),
  CARMIC_SENTRY_ENVIRONMENT: z
    .string()
    .regex(/^[a-z0-9-]{1,30}$/)
    .default('production')
    .describe('Name of this installation in those reports'),
} as const;

/** Names of secrets among them, each of which may come from a file named by `<NAME>_FILE`. */
export const operatorSecretNames = ['CARMIC_SENTRY_DSN'] as const;
