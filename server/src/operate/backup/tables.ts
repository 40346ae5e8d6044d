/**
 * Rows out of PostgreSQL and back, by COPY through the ordinary protocol: no pg_dump is needed, and it works through a pooler in transaction
 * mode. What stands in a backup is rows only; the schema comes from the migrations that the manifest names.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { StartError } from '../../core/errors.ts';
import { explainDatabaseAway } from '../../db/databaseAway.ts';
import { readDatabaseAddress } from '../../db/tls.ts';

/** A table and the columns that are written into a backup. */
export interface TableShape {
  name: string;
  columns: string[];
}

/** Opens a connection of its own. Throws StartError when the database does not answer. */
export async function connectTo(url: string): Promise<Client> {
  const address = readDatabaseAddress(url);
  const client = new Client({ connectionString: address.url, ssl: address.ssl, application_name: 'carmic-operate' });
  // A connection that dies shows in the query that needs it.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new StartError(explainDatabaseAway(error));
  }
  return client;
}

/** Sees the rows of all workspaces until the end of the transaction, and writes values the same whatever the server's settings. */
const transactionSettings = `SELECT set_config('carmic.system', 'on', true), set_config('carmic.workspace_id', '', true),
  set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true), set_config('timezone', 'UTC', true),
  set_config('extra_float_digits', '3', true), set_config('bytea_output', 'hex', true), set_config('statement_timeout', '0', true)`;

/** Runs `work` on one unchanging view of the database. */
export async function inSnapshot<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query(transactionSettings);
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

/** All tables but the migrator's own. */
export async function listTables(client: Client): Promise<TableShape[]> {
  const { rows } = await client.query<TableShape>(`
    SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY c.relname ORDER BY c.relname`);
  return rows;
}

/** Names of the migrations that made the schema. */
export async function listMigrations(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migrations ORDER BY name');
  return rows.map((row) => row.name);
}

function columnList(client: Client, { columns }: TableShape): string {
  return columns.map((name) => client.escapeIdentifier(name)).join(', ');
}

/** The rows of a table as COPY writes them. `onEnd` gets their number, size and SHA-256. */
export async function* copyOut(
  client: Client,
  table: TableShape,
  onEnd: (facts: { rows: number; sizeBytes: number; sha256: string }) => void,
): AsyncGenerator<Buffer> {
  const stream = client.query(copyTo(`COPY ${client.escapeIdentifier(table.name)} (${columnList(client, table)}) TO STDOUT`));
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    hash.update(piece);
    sizeBytes += piece.length;
    yield piece;
  }
  onEnd({ rows: stream.rowCount, sizeBytes, sha256: hash.digest('hex') });
}

/** Rows of one table for `loadTables`. */
export interface TableRows extends TableShape {
  rows: number;
  read: () => Promise<AsyncIterable<Buffer>>;
}

/**
 * Fills the tables of a schema with nothing but these rows, in one transaction: triggers, foreign keys and row security stand aside meanwhile and
 * are put back, the keys checked. `andThen` runs in the same transaction. Needs the owner of the tables.
 */
export async function loadTables(client: Client, tables: readonly TableRows[], andThen: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(transactionSettings);
    const { rows: foreignKeys } = await client.query<{ name: string; table_name: string; definition: string }>(
      `SELECT conname AS name, conrelid::regclass::text AS table_name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conname`,
    );
    for (const { name, table_name: table } of foreignKeys) {
      await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${client.escapeIdentifier(name)}`);
    }
    const { rows: guarded } = await client.query<{ table_name: string }>(
      "SELECT oid::regclass::text AS table_name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity",
    );
    for (const { table_name: table } of guarded) {
      await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
    }
    for (const table of tables) {
      await loadTable(client, table);
    }
    for (const { table_name: table } of guarded) {
      await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
    }
    for (const { name, table_name: table, definition } of foreignKeys) {
      await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${client.escapeIdentifier(name)} ${definition}`);
    }
    await moveSequences(client);
    await andThen();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function loadTable(client: Client, table: TableRows): Promise<void> {
  const name = client.escapeIdentifier(table.name);
  await client.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
  // Migrations put rows of their own into some tables.
  await client.query(`DELETE FROM ${name}`);
  const stream = client.query(copyFrom(`COPY ${name} (${columnList(client, table)}) FROM STDIN`));
  await pipeline(Readable.from(await table.read()), stream);
  if (stream.rowCount !== table.rows) {
    throw new StartError(`The table ${table.name} got ${stream.rowCount} rows, and the backup says ${table.rows}: nothing was restored.`);
  }
  await client.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
}

/** Numbers that columns count by themselves go on behind the highest that is there. */
async function moveSequences(client: Client): Promise<void> {
  const { rows } = await client.query<{ table_name: string; column_name: string }>(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES'",
  );
  for (const { table_name: table, column_name: column } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), greatest(1, (SELECT max(${client.escapeIdentifier(column)}) FROM ${client.escapeIdentifier(table)})))`,
      [table, column],
    );
  }
}
