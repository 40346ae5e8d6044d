/**
 * The two roles of an installation and its database. Keeps: S4.
 *
 * `carmic_owner` owns the database and migrates it. `carmic_app` is the server's own login: it owns nothing and cannot bypass
 * row-level security, so that a mistake in a query still shows nobody another workspace's rows.
 */
import { Client } from 'pg';
import { readDatabaseAddress } from './tls.ts';

export const ownerRole = 'carmic_owner';
export const appRole = 'carmic_app';
export const databaseName = 'carmic';

/** Makes what is missing of roles and database; safe to run again after an interruption. */
export async function createRolesAndDatabase(superuserUrl: string, passwords: { owner: string; app: string }): Promise<void> {
  const { url, ssl } = readDatabaseAddress(superuserUrl);
  const client = new Client({ connectionString: url, ssl });
  await client.connect();
  try {
    await ensureRole(client, ownerRole, passwords.owner);
    await ensureRole(client, appRole, passwords.app);
    await ensureDatabase(client, databaseName);
  } finally {
    await client.end();
  }
}

async function ensureRole(client: Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const rights = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
  await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${role} ${rights} PASSWORD ${client.escapeLiteral(password)}`);
}

/** Makes a database that `carmic_owner` owns and only the two roles may enter. */
export async function ensureDatabase(client: Client, name: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  const quoted = client.escapeIdentifier(name);
  if (rowCount === 0) {
    // The file copy needs no room in the write-ahead log and is quicker for an empty database on a small disk.
    await client.query(`CREATE DATABASE ${quoted} OWNER ${ownerRole} STRATEGY file_copy`);
  }
  await client.query(`REVOKE ALL ON DATABASE ${quoted} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${quoted} TO ${appRole}`);
}
