import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '../../server/src/db/migrate.ts';
import { appRole, createRolesAndDatabase, databaseName, ownerRole } from '../../server/src/db/roles.ts';
import { startEmbeddedPostgres, stopOrphan } from '../../start/embeddedPostgres.ts';
import { chooseAccount } from '../../start/postgresAccount.ts';
import { prepareEngine } from '../../start/postgresEngine.ts';
import { isAlive } from '../../start/processes.ts';

/** How a test worker reaches the PostgreSQL of the run. */
export interface PostgresAccess {
  superuserUrl: string;
  ownerPassword: string;
  appPassword: string;
  /** A migrated database that is cloned and never connected to. */
  template: string;
}

export interface TestPostgres {
  readonly access: PostgresAccess;
  stop(): Promise<void>;
}

const prefix = 'carmic-postgres-';
const passwords = { superuserPassword: 'superuser', ownerPassword: 'owner', appPassword: 'app' };

/** Starts a PostgreSQL of its own for one test run, with a migrated template database. */
export async function startTestPostgres(): Promise<TestPostgres> {
  await removeLeftovers();
  const home = join(tmpdir(), `${prefix}${process.pid}`);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  const directory = join(home, 'postgres');
  const account = chooseAccount(directory);
  const postgres = await startEmbeddedPostgres({
    directory,
    engine: prepareEngine(account, home),
    account,
    superuserPassword: passwords.superuserPassword,
    logFile: join(home, 'postgres.log'),
    isDurable: false,
    maxConnections: 200,
  });
  const stop = async () => {
    await postgres.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const superuserUrl = postgres.urlFor('postgres', passwords.superuserPassword, 'postgres');
    await createRolesAndDatabase(superuserUrl, { owner: passwords.ownerPassword, app: passwords.appPassword });
    await migrate(
      postgres.urlFor(ownerRole, passwords.ownerPassword, databaseName),
      postgres.urlFor(appRole, passwords.appPassword, databaseName),
    );
    await closeTemplate(superuserUrl);
    return {
      access: { superuserUrl, ownerPassword: passwords.ownerPassword, appPassword: passwords.appPassword, template: databaseName },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A database can be cloned only while nobody is connected to it, so nobody may connect from here on. */
async function closeTemplate(superuserUrl: string): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`ALTER DATABASE ${databaseName} ALLOW_CONNECTIONS false`);
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [databaseName]);
  } finally {
    await client.end();
  }
}

/** Ends and removes the clusters of test runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) {
      await stopOrphan(join(tmpdir(), name, 'postgres'));
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}
