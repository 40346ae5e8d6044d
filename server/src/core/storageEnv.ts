import { z } from 'zod';

/** The environment variables that choose and configure the storage of objects. */
export const storageEnv = {
  CARMIC_STORAGE: z.enum(['disk', 's3']).default('disk').describe('Where objects are kept: `disk` (encrypted files) or `s3` (a bucket)'),
  CARMIC_DISK_FSYNC: z
    .enum(['always', 'never'])
    .default('always')
    .describe('Whether the disk driver waits until an object is on the disk itself; `never` leaves that to the file system'),
  CARMIC_STORAGE_MOVE_FROM: z
    .enum(['disk', 's3'])
    .optional()
    .describe('Where objects were kept before: what is not moved yet is read from there'),
  CARMIC_S3_ENDPOINT: z.url().optional().describe('Address of the S3 server without the bucket, for example https://s3.example.com:9000'),
  CARMIC_S3_PUBLIC_ENDPOINT: z.url().optional().describe('Address of the same server for browsers and agents, when it is another one'),
  CARMIC_S3_REGION: z.string().min(1).optional().describe('Region of the bucket; `us-east-1` by default, `auto` for R2'),
  CARMIC_S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is no name of a bucket')
    .optional()
    .describe('Name of the bucket'),
  CARMIC_S3_PREFIX: z
    .string()
    .regex(/^([A-Za-z0-9._-]+\/)+$/, 'ends in a slash and holds letters, digits, dots, dashes and underscores')
    .optional()
    .describe('Start of every name in the bucket, for a bucket that others use too'),
  CARMIC_S3_ACCESS_KEY_ID: z.string().min(1).optional().describe('Access key'),
  CARMIC_S3_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Secret of the access key'),
  CARMIC_S3_SESSION_TOKEN: z.string().min(1).optional().describe('Token of a temporary access key'),
  CARMIC_S3_ADDRESSING: z
    .enum(['path', 'virtual'])
    .default('path')
    .describe('`path`: https://host/bucket/name; `virtual`: https://bucket.host/name'),
  CARMIC_S3_CA_FILE: z.string().min(1).optional().describe('Certificate of an authority of your own, in PEM'),
  CARMIC_S3_ENCRYPTION: z
    .enum(['bucket', 'sse-s3', 'sse-kms', 'sse-c'])
    .default('bucket')
    .describe('`bucket`: the bucket encrypts by itself; `sse-s3`, `sse-kms`: asked for on every write; `sse-c`: with keys only Carmic has'),
  CARMIC_S3_KMS_KEY_ID: z.string().min(1).optional().describe('Key for `sse-kms`; the server’s default by default'),
  CARMIC_R2_ACCOUNT_ID: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'has 32 hexadecimal digits')
    .optional()
    .describe('Cloudflare account, instead of CARMIC_S3_ENDPOINT'),
  CARMIC_R2_JURISDICTION: z
    .enum(['default', 'eu', 'fedramp'])
    .default('default')
    .describe('Jurisdiction of the R2 bucket; `eu` keeps it in the EU'),
} as const;

/** Names of secrets among them, each of which may come from a file named by `<NAME>_FILE`. */
export const storageSecretNames = ['CARMIC_S3_ACCESS_KEY_ID', 'CARMIC_S3_SECRET_ACCESS_KEY', 'CARMIC_S3_SESSION_TOKEN'] as const;
