import { z } from 'zod';

const slashedName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, 'holds letters, digits, dots, dashes, underscores and slashes');

/** The environment variables that name the root key. */
export const keyEnv = {
  CARMIC_KEY_PROVIDER: z
    .enum(['file', 'vault'])
    .default('file')
    .describe('Where the root key is: `file` (CARMIC_ROOT_KEY_FILE) or `vault` (transit engine of HashiCorp Vault or OpenBao)'),
  CARMIC_ROOT_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('File with the root key: 32 bytes in base64, mode 0600; former keys on the lines below while it is replaced'),
  CARMIC_VAULT_URL: z.url().optional().describe('Address of Vault, for example https://vault.example.com:8200'),
  CARMIC_VAULT_TOKEN_FILE: z.string().min(1).optional().describe('File with the token, read before every call'),
  CARMIC_VAULT_NAMESPACE: z.string().min(1).optional().describe('Namespace, where Vault has several'),
  CARMIC_VAULT_TRANSIT_MOUNT: slashedName.default('transit').describe('Where the transit engine is mounted'),
  CARMIC_VAULT_TRANSIT_KEY: slashedName.default('carmic').describe('Name of the key in the transit engine'),
  CARMIC_VAULT_TIMEOUT_SECONDS: z.coerce.number().positive().default(5).describe('Longest wait for one answer of Vault'),
} as const;
