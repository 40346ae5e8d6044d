import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { describeSystemError, StartFailure } from './startFailure.ts';

const secretsSchema = z.object({
  superuserPassword: z.string().min(1),
  ownerPassword: z.string().min(1),
  appPassword: z.string().min(1),
  clusterDirectory: z.string().min(1).describe('Where PostgreSQL keeps its files'),
  hasDatabase: z.boolean().describe('Whether roles and database have been made'),
});

/** What a start has to remember about its PostgreSQL. */
export type Secrets = z.infer<typeof secretsSchema>;

/** Reads the secrets of a data folder; null before its first start. Throws StartFailure when they are damaged. */
export function readSecrets(path: string): Secrets | null {
  if (!existsSync(path)) {
    return null;
  }
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw new StartFailure(
        'config',
        `${path} is damaged, and the database cannot be opened without the passwords in it. Put the file back from your backup.`,
        {
          cause: error,
        },
      );
    }
    throw describeSystemError(error, path, 'The file');
  }
}

/** Makes new passwords for a cluster that will stand in `clusterDirectory`. */
export function createSecrets(clusterDirectory: string): Secrets {
  const password = () => randomBytes(24).toString('base64url');
  return { superuserPassword: password(), ownerPassword: password(), appPassword: password(), clusterDirectory, hasDatabase: false };
}

/** Writes the secrets whole or not at all, readable by this user only. */
export function writeSecrets(path: string, secrets: Secrets): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
