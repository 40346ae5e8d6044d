import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { DataDirectory } from './dataDirectory.ts';
import { appRole, createRolesAndDatabase, databaseName, ownerRole } from '../server/src/db/roles.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embeddedPostgres.ts';
import { makeFolder, nearestExisting } from './folders.ts';
import { canReach, chooseAccount } from './postgresAccount.ts';
import { prepareEngine } from './postgresEngine.ts';
import { createSecrets, readSecrets, type Secrets, writeSecrets } from './secrets.ts';
import { describeSystemError, StartFailure } from './startFailure.ts';

export interface Database {
  readonly postgres: EmbeddedPostgres;
  /** For the application: owns nothing, cannot bypass row security. */
  readonly appUrl: string;
  /** For migrations. */
  readonly ownerUrl: string;
}

/** Where root keeps what the user `postgres` must reach, when the data folder is out of its reach. */
const systemDirectory = '/var/lib/carmic';
const maxConnections = 60;

/** Tells whether this data folder has been started before, whatever of it is left. */
export function hasDatabase(data: DataDirectory): boolean {
  return (
    readSecrets(data.secretsFile)?.hasDatabase === true || existsSync(join(data.path, 'postgres')) || existsSync(join(data.path, 'objects'))
  );
}

/** Starts the installation's PostgreSQL, with its roles and its database. `say` gets what the person should know. Throws StartFailure. */
export async function startDatabase(data: DataDirectory, say: (text: string) => void, signal: AbortSignal): Promise<Database> {
  const secrets = readSecrets(data.secretsFile) ?? planCluster(data, say);
  const directory = resolve(data.path, secrets.clusterDirectory);
  if (secrets.hasDatabase && !existsSync(join(directory, 'PG_VERSION'))) {
    throw new StartFailure(
      'config',
      `The database of ${data.path} is missing: it was in ${directory}. Put that folder back from your backup. (To begin again with nothing, move the whole data folder away.)`,
    );
  }
  const account = chooseAccount(directory);
  const spare = account === null ? data.path : systemDirectory;
  const postgres = await startEmbeddedPostgres({
    directory,
    engine: prepareEngine(account, spare),
    account,
    superuserPassword: secrets.superuserPassword,
    logFile: join(data.logs, 'postgres.log'),
    isDurable: true,
    maxConnections,
    signal,
  });
  try {
    if (!secrets.hasDatabase) {
      await createRolesAndDatabase(postgres.urlFor('postgres', secrets.superuserPassword, 'postgres'), {
        owner: secrets.ownerPassword,
        app: secrets.appPassword,
      });
      writeSecrets(data.secretsFile, { ...secrets, hasDatabase: true });
    }
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    postgres,
    appUrl: postgres.urlFor(appRole, secrets.appPassword, databaseName),
    ownerUrl: postgres.urlFor(ownerRole, secrets.ownerPassword, databaseName),
  };
}

/** Decides where the cluster of a new installation goes, and makes its passwords. */
function planCluster(data: DataDirectory, say: (text: string) => void): Secrets {
  const inside = join(data.path, 'postgres');
  if (existsSync(inside)) {
    throw new StartFailure(
      'config',
      `${data.secretsFile} is missing, and the database in ${inside} cannot be opened without the passwords in it. Put the file back from your backup.`,
    );
  }
  const account = chooseAccount(inside);
  let directory = inside;
  if (!canReach(account, nearestExisting(data.path), '-x')) {
    directory = join(systemDirectory, createHash('sha256').update(data.path).digest('hex').slice(0, 12), 'postgres');
    say(`The database goes to ${directory}: the user "postgres", who runs it for root, cannot reach ${data.path}. Back up both folders.`);
  }
  try {
    makeFolder(dirname(directory), 0o755);
  } catch (error) {
    throw describeSystemError(error, directory, 'The database folder');
  }
  const isInside = !relative(data.path, directory).startsWith('..') && !isAbsolute(relative(data.path, directory));
  const secrets = createSecrets(isInside ? relative(data.path, directory) : directory);
  writeSecrets(data.secretsFile, secrets);
  return secrets;
}
