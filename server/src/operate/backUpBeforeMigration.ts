import type { Env } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import { listPendingMigrations } from '../db/migrate.ts';
import { openPlace } from './backup/place.ts';
import { connectTo } from './backup/tables.ts';
import { backUp } from './backupCommands.ts';

/**
 * Makes a backup of the database when a migration is about to change it and the operator asked for that. Throws StartError, so that nothing is
 * changed, when the backup cannot be made.
 */
export async function backUpBeforeMigration(env: Env, say: (line: string) => void): Promise<void> {
  const { CARMIC_BACKUP_BEFORE_MIGRATION: wish, CARMIC_BACKUP_TO: to, CARMIC_MIGRATION_DATABASE_URL: ownerUrl } = env;
  if (wish === 'off' || ownerUrl === undefined) {
    return;
  }
  if (to === undefined) {
    throw new StartError('CARMIC_BACKUP_BEFORE_MIGRATION is on, and CARMIC_BACKUP_TO names no place for the backup. Nothing was changed.');
  }
  if (!(await hasContent(ownerUrl)) || (await listPendingMigrations(ownerUrl, env.CARMIC_DATABASE_URL)).length === 0) {
    return;
  }
  const report = await backUp(env, await openPlace(env, to), { isDatabaseOnly: true, keep: env.CARMIC_BACKUP_KEEP });
  say(`Before the schema changes: backup ${report.id} of ${report.rows} rows is in ${to}.`);
}

/** A database that is not there yet, or has no schema, has nothing to lose. */
async function hasContent(ownerUrl: string): Promise<boolean> {
  let client;
  try {
    client = await connectTo(ownerUrl);
  } catch {
    // The first start makes roles and database; whether the database is away is said by the migration itself.
    return false;
  }
  try {
    const { rows } = await client.query<{ name: string | null }>("SELECT to_regclass('public.instance_settings')::text AS name");
    return rows[0]?.name != null;
  } finally {
    await client.end();
  }
}
