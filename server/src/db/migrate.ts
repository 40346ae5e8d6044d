import { QueryTypes, type Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import { connect } from './connect.ts';
import { putEventsInOrder } from './eventOrder.ts';
import { migrations } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { requireUpgradable, stampSchemaRelease } from './schemaRelease.ts';

/** Quotes a PostgreSQL identifier. */
function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Builds the migrator on a direct connection of the owner role; `appRole` is granted what the application needs. */
function createMigrator(url: string, appRole: string, list: readonly Migration[] = migrations) {
  const sequelize = connect(url, { poolSize: 1 });
  const umzug = new Umzug({
    migrations: list.map((migration: Migration) => ({
      name: migration.name,
      up: () => runAll(sequelize, migration.up(quoteName(appRole))),
      down: () => runAll(sequelize, migration.down),
    })),
    context: sequelize,
    storage: new SequelizeStorage({ sequelize, tableName: 'schema_migrations' }),
    logger: undefined,
  });
  return { sequelize, umzug };
}

async function runAll(sequelize: Sequelize, sql: string): Promise<void> {
  await sequelize.transaction(async (transaction) => {
    await sequelize.query(sql, { transaction, raw: true });
  });
}

/** Serialises migrators of several processes on one database by an advisory lock that ends with its transaction. */
async function withLock<T>(url: string, work: () => Promise<T>): Promise<T> {
  const sequelize = connect(url, { poolSize: 1 });
  try {
    return await sequelize.transaction(async (transaction) => {
      await sequelize.query('SELECT pg_advisory_xact_lock(723401)', { transaction, type: QueryTypes.SELECT });
      return work();
    });
  } finally {
    await sequelize.close();
  }
}

/** What tests and restores ask of a migrator beyond bringing everything up to date. */
export interface MigrateOptions {
  /** Runs these only, of a schema that stays older. */
  only?: readonly string[];
  /** Other migrations than this release's. */
  list?: readonly Migration[];
}

/**
 * Brings the schema up to date and returns the names of the migrations that ran. `appUrl` names the application's role. Throws StartError when
 * the database is of a newer release, or of one so old that releases between may not be skipped.
 */
export async function migrate(ownerUrl: string, appUrl: string, { only, list }: MigrateOptions = {}): Promise<string[]> {
  return withLock(ownerUrl, async () => {
    const { sequelize, umzug } = createMigrator(ownerUrl, roleOf(appUrl), list);
    try {
      await requireUpgradable(sequelize);
      const ran = await (only === undefined ? umzug.up() : umzug.up({ migrations: [...only] }));
      if (only === undefined) {
        await stampSchemaRelease(sequelize);
        await putEventsInOrder(sequelize);
      }
      return ran.map((migration) => migration.name);
    } finally {
      await sequelize.close();
    }
  });
}

/** Names of the migrations that a database still lacks. */
export async function listPendingMigrations(ownerUrl: string, appUrl: string): Promise<string[]> {
  const { sequelize, umzug } = createMigrator(ownerUrl, roleOf(appUrl));
  try {
    return (await umzug.pending()).map((migration) => migration.name);
  } finally {
    await sequelize.close();
  }
}

/** Takes every migration back, newest first. */
export async function migrateDown(ownerUrl: string, appUrl: string): Promise<string[]> {
  const { sequelize, umzug } = createMigrator(ownerUrl, roleOf(appUrl));
  try {
    return (await umzug.down({ to: 0 })).map((migration) => migration.name);
  } finally {
    await sequelize.close();
  }
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}
