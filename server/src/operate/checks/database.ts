import type { Client } from 'pg';
import { limits } from '../../admin/overview/limits.ts';
import type { Env } from '../../core/env.ts';
import { createLog } from '../../core/log.ts';
import { createDatabase } from '../../db/database.ts';
import { migrations } from '../../db/migrations/index.ts';
import { findSchemaProblem } from '../../db/schemaRelease.ts';
import { connectTo } from '../backup/tables.ts';
import { messageOf } from '../failures.ts';
import { type Check, failed, ok, warning } from './check.ts';

const oldestMajor = 15;
const clockWarnMs = 2000;
const clockFailMs = 30_000;

/** The database: reachable, of a good version, with the right role, schema, clock and room for connections. */
export async function checkDatabase(env: Env): Promise<Check[]> {
  let client: Client;
  try {
    client = await connectTo(env.CARMIC_DATABASE_URL);
  } catch (error) {
    return [
      failed(
        'database_reachable',
        messageOf(error),
        'See that PostgreSQL (and PgBouncer) run, and that CARMIC_DATABASE_URL names host, port and password as they are.',
      ),
    ];
  }
  try {
    return [
      ok('database_reachable', 'The database answers.'),
      await checkVersion(client),
      await checkRole(client),
      await checkSchema(env),
      await checkClock(client),
      await checkConnections(client),
    ];
  } finally {
    await client.end();
  }
}

async function checkVersion(client: Client): Promise<Check> {
  const { rows } = await client.query<{ number: string; text: string }>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text",
  );
  const major = Math.floor(Number(rows[0]?.number ?? 0) / 10_000);
  const text = rows[0]?.text ?? 'of an unknown version';
  return major >= oldestMajor
    ? ok('database_version', `PostgreSQL ${text}.`)
    : failed('database_version', `PostgreSQL ${text} is too old.`, `Use PostgreSQL ${oldestMajor} or newer.`);
}

/** A role that may look past row security would make one wrong query show another workspace's rows. */
async function checkRole(client: Client): Promise<Check> {
  const { rows } = await client.query<{ is_mighty: boolean; owned: string }>(
    `SELECT rolsuper OR rolbypassrls AS is_mighty,
       (SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user) AS owned
     FROM pg_roles WHERE rolname = current_user`,
  );
  const [role] = rows;
  return role?.is_mighty === true || Number(role?.owned ?? 0) > 0
    ? failed(
        'database_role',
        'The server’s role owns tables or may bypass row security.',
        'Put the role carmic_app into CARMIC_DATABASE_URL; the owner’s belongs into CARMIC_MIGRATION_DATABASE_URL only.',
      )
    : ok('database_role', 'The server’s role owns nothing and cannot bypass row security.');
}

async function checkSchema(env: Env): Promise<Check> {
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 1, log: createLog({ level: 'silent' }) });
  try {
    const names = migrations.map(({ name }) => name);
    const problem = await findSchemaProblem(db, names);
    return problem === null
      ? ok('schema', `All ${names.length} migrations have run.`)
      : failed('schema', problem, 'docs/operate.md, “Upgrade”.');
  } finally {
    await db.close();
  }
}

/** Retention, leases and links compare times of both clocks. */
async function checkClock(client: Client): Promise<Check> {
  const before = Date.now();
  const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const middle = (before + Date.now()) / 2;
  const apartMs = Math.abs((rows[0]?.now.getTime() ?? 0) - middle);
  const message = `This machine and the database are ${(apartMs / 1000).toFixed(1)} s apart.`;
  const fix = 'Let both set their clocks by NTP (timedatectl set-ntp true).';
  if (apartMs > clockFailMs) {
    return failed('clock', message, fix);
  }
  return apartMs > clockWarnMs ? warning('clock', message, fix) : ok('clock', message);
}

async function checkConnections(client: Client): Promise<Check> {
  const { rows } = await client.query<{ used: string; most: string }>(
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used, current_setting('max_connections') AS most",
  );
  const used = Number(rows[0]?.used ?? 0);
  const most = Number(rows[0]?.most ?? 1);
  const message = `${used} of ${most} connections of PostgreSQL are in use.`;
  return used > most * limits.busyConnectionShare
    ? warning('database_connections', message, 'Lower CARMIC_DATABASE_POOL, or put PgBouncer in between, or raise max_connections.')
    : ok('database_connections', message);
}
