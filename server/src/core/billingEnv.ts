import { z } from 'zod';

/** The environment variables of the operator's own Stripe account; without the key nothing is sold and Stripe is never called. */
export const billingEnv = {
  CARMIC_STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_\w+$/, 'is no secret or restricted key of Stripe (sk_test_…, sk_live_…, rk_test_…, rk_live_…)')
    .optional()
    .describe('Secret or restricted key of a Stripe account; with it plans are for sale'),
  CARMIC_STRIPE_WEBHOOK_SECRETS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .refine((secrets) => secrets.length > 0 && secrets.every((secret) => /^whsec_./.test(secret)), 'must be secrets that begin with whsec_')
    .optional()
    .describe('Signing secrets of the webhook endpoint at Stripe; several, separated by commas, while one is rotated'),
  CARMIC_STRIPE_API_URL: z.url().default('https://api.stripe.com').describe('API of Stripe; another address for tests only'),
  CARMIC_STRIPE_TAX: z.enum(['on', 'off']).default('off').describe('`on` lets Stripe Tax compute taxes in Checkout'),
  CARMIC_STRIPE_TRIAL_DAYS: z.coerce.number().int().min(0).max(90).default(0).describe('Free days before the first payment of a workspace'),
};

/** Those of them that are secrets. */
export const billingSecretNames = ['CARMIC_STRIPE_SECRET_KEY', 'CARMIC_STRIPE_WEBHOOK_SECRETS'] as const;
