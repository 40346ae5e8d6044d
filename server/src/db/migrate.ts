import { QueryTypes, type Sequelize } from 'sequelize';
import { SequelizeStorage, Umzug } from 'umzug';
import { connect } from './connect.ts';
import { type Migration, migrations } from './migrations/index.ts';

/** Quotes a PostgreSQL identifier. */
function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Builds the migrator on a direct connection of the owner role; `appRole` is granted what the application needs. */
function createMigrator(url: string, appRole: string) {
  const sequelize = connect(url, { poolSize: 1 });
  const umzug = new Umzug({
    migrations: migrations.map((migration: Migration) => ({
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

/** Brings the schema up to date and returns the names of the migrations that ran. `appUrl` names the application's role. */
export async function migrate(ownerUrl: string, appUrl: string): Promise<string[]> {
  return withLock(ownerUrl, async () => {
    const { sequelize, umzug } = createMigrator(ownerUrl, roleOf(appUrl));
    try {
      return (await umzug.up()).map((migration) => migration.name);
    } finally {
      await sequelize.close();
    }
  });
}

/** Takes every migration back, newest first: for tests of the way down. */
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
