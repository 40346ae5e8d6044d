/**
 * Which releases a database's schema is for. Migrations expand first and contract releases later, so that the release before goes on beside the new
 * one: a schema says the oldest release that it still serves, and a release says the oldest that it upgrades from.
 */
import { QueryTypes, type Sequelize, type Transaction } from 'sequelize';
import { z } from 'zod';
import { StartError } from '../core/errors.ts';
import { compareReleases, release as thisRelease } from '../core/release.ts';
import type { Database } from './database.ts';

const stampSchema = z.object({ release: z.string(), servesFrom: z.string() });
/** Releases, as a test may imagine others. */
export interface Release {
  readonly version: string;
  readonly upgradesFrom: string;
  readonly servesFrom: string;
}

/** Databases from before schemas were stamped. */
const unstamped = { release: '0.1.0', servesFrom: '0.1.0' };

/** Throws StartError when this release may not change the schema: it is too old for it, or releases between were skipped. */
export async function requireUpgradable(sequelize: Sequelize, own: Release = thisRelease): Promise<void> {
  const [table] = await sequelize.query<{ name: string | null }>("SELECT to_regclass('public.instance_settings')::text AS name", {
    type: QueryTypes.SELECT,
  });
  if (table?.name == null) {
    return;
  }
  const [row] = await sequelize.query<{ value: unknown }>("SELECT value FROM instance_settings WHERE name = 'schema'", {
    type: QueryTypes.SELECT,
  });
  const stamp = row === undefined ? unstamped : stampSchema.parse(row.value);
  if (compareReleases(stamp.servesFrom, own.version) > 0) {
    throw tooNew(stamp.release, own.version);
  }
  if (compareReleases(stamp.release, own.upgradesFrom) < 0) {
    throw new StartError(
      `This database is of release ${stamp.release}, and release ${own.version} upgrades from ${own.upgradesFrom} on: start ${own.upgradesFrom} first, then this one. Nothing was changed.`,
    );
  }
}

function tooNew(schema: string, own: string): StartError {
  return new StartError(
    `This database was brought up to date by release ${schema}, and this is release ${own}, which does not know its schema: start ${schema} or a newer one, or restore a backup from before the upgrade.`,
  );
}

/** Writes down which release the schema is of now; a newer stamp stays. */
export async function stampSchemaRelease(sequelize: Sequelize, transaction?: Transaction, own: Release = thisRelease): Promise<void> {
  const options = { transaction: transaction ?? null };
  const [row] = await sequelize.query<{ value: unknown }>("SELECT value FROM instance_settings WHERE name = 'schema'", {
    ...options,
    type: QueryTypes.SELECT,
  });
  const before = row === undefined ? null : stampSchema.parse(row.value);
  if (before !== null && compareReleases(before.release, own.version) > 0) {
    return;
  }
  await sequelize.query(
    `INSERT INTO instance_settings (name, value) VALUES ('schema', CAST(:value AS jsonb)) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    { ...options, replacements: { value: JSON.stringify({ release: own.version, servesFrom: own.servesFrom }) } },
  );
}

/** What of the schema does not fit this release; null when all does. `known` are the names of this release's migrations. */
export async function findSchemaProblem(db: Database, known: readonly string[], own: Release = thisRelease): Promise<string | null> {
  const found = await db.asSystem(async (tx) => {
    const [table] = await db.rows<{ name: string | null }>(tx, "SELECT to_regclass('public.instance_settings')::text AS name");
    if (table?.name == null) {
      return null;
    }
    const [row] = await db.rows<{ value: unknown }>(tx, "SELECT value FROM instance_settings WHERE name = 'schema'");
    const isReadable = await db.rows<{ yes: boolean }>(tx, "SELECT has_table_privilege('schema_migrations', 'SELECT') AS yes");
    const rows = isReadable[0]?.yes === true ? await db.rows<{ name: string }>(tx, 'SELECT name FROM schema_migrations') : [];
    return { stamp: row === undefined ? unstamped : stampSchema.parse(row.value), ran: new Set(rows.map(({ name }) => name)) };
  });
  if (found === null) {
    return 'The database has no schema yet: run `carmic migrate` with CARMIC_MIGRATION_DATABASE_URL first.';
  }
  const { ran, stamp } = found;
  if (compareReleases(stamp.servesFrom, own.version) > 0) {
    return tooNew(stamp.release, own.version).message;
  }
  const missing = known.filter((name) => !ran.has(name));
  return missing.length === 0
    ? null
    : `The schema of the database is older than this release (${missing.length} migrations are missing, the first is ${missing[0] ?? ''}): run \`carmic migrate\` with CARMIC_MIGRATION_DATABASE_URL first.`;
}
