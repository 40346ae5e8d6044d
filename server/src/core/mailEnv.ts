import { z } from 'zod';

/** The environment variables of mail. */
export const mailEnv = {
  CARMIC_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/./, 'must begin with smtp:// or smtps://')
    .optional()
    .describe('Mail server, such as smtps://user:password@mail.example; without it administrators hand links over'),
  CARMIC_MAIL_FROM: z.string().default('Carmic <carmic@localhost>').describe('Sender of mails'),
  CARMIC_DKIM_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/i)
    .optional()
    .describe('Domain that signs mails (DKIM), when the mail server does not do it'),
  CARMIC_DKIM_SELECTOR: z
    .string()
    .regex(/^[a-z0-9._-]+$/i)
    .default('carmic')
    .describe('Name of the key in the DNS: <selector>._domainkey.<domain>'),
  CARMIC_DKIM_KEY: z
    .string()
    .includes('PRIVATE KEY', { message: 'must be a private key in PEM form' })
    .optional()
    .describe('Private RSA key in PEM form; best from a file'),
} as const;

/** Names of secrets among them, each of which may come from a file named by `<NAME>_FILE`. */
export const mailSecretNames = ['CARMIC_SMTP_URL', 'CARMIC_DKIM_KEY'] as const;
