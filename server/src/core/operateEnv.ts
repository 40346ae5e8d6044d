import { z } from 'zod';

/** The environment variables of what operators do with an installation. */
export const operateEnv = {
  CARMIC_BACKUP_TO: z
    .string()
    .min(1)
    .optional()
    .describe('Where backups are kept: a folder, or s3://bucket/prefix; on another machine than the objects'),
  CARMIC_BACKUP_KEEP: z.coerce
    .number()
    .int()
    .min(1)
    .default(14)
    .describe('How many backups are kept; older ones go when a new one is made'),
  CARMIC_BACKUP_BEFORE_MIGRATION: z
    .enum(['on', 'off'])
    .default('off')
    .describe('`on` makes a backup of the database before `carmic migrate` changes its schema, and changes nothing when that fails'),
  CARMIC_CANARY: z
    .enum(['on', 'off'])
    .default('off')
    .describe(
      '`on` keeps a test account that uploads, is exported, deletes and expires once a day, and tells metrics and the overview how that went',
    ),
  CARMIC_BACKUP_S3_ENDPOINT: z.url().optional().describe('S3 server of the backups, for s3://; https://s3.example.com:9000'),
  CARMIC_BACKUP_S3_REGION: z.string().min(1).default('us-east-1').describe('Region of that bucket'),
  CARMIC_BACKUP_S3_ACCESS_KEY_ID: z.string().min(1).optional().describe('Access key for that bucket'),
  CARMIC_BACKUP_S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Secret of that access key'),
} as const;

/** Names of secrets among them, each of which may come from a file named by `<NAME>_FILE`. */
export const operateSecretNames = ['CARMIC_BACKUP_S3_ACCESS_KEY_ID', 'CARMIC_BACKUP_S3_SECRET_ACCESS_KEY'] as const;
