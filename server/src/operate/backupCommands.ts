import { systemClock } from '../core/clock.ts';
import { type Env, readEnv } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import { createRolesAndDatabase } from '../db/roles.ts';
import type { BackupPlace } from './backup/backupPlace.ts';
import { openPlace } from './backup/place.ts';
import { copyJournal } from './backup/deletions.ts';
import { listSnapshots, openRepository, snapshotTime } from './backup/repository.ts';
import { restoreBackup, verifyBackup } from './backup/restoreBackup.ts';
import { type BackupReport, takeBackup } from './backup/takeBackup.ts';
import { type CommandCall, type OperatorCommand, textOption } from './command.ts';
import { openRootKeys, withInstallation } from './installation.ts';

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

function placeOf(call: CommandCall, env: Env, option: 'to' | 'from'): Promise<BackupPlace> {
  const place = textOption(call, option) ?? env.CARMIC_BACKUP_TO;
  if (place === undefined) {
    throw new StartError(`Name the place of the backups with --${option}, or in CARMIC_BACKUP_TO: a folder, or s3://bucket/prefix.`);
  }
  return openPlace(env, place);
}

/** Takes a backup and remembers in the database when, for the metrics. */
export async function backUp(env: Env, place: BackupPlace, options: { isDatabaseOnly: boolean; keep: number }): Promise<BackupReport> {
  return withInstallation(env, async ({ db, rootKeys, secret, columnKeys, store }) => {
    const repository = await openRepository(place, rootKeys, true);
    const clock = systemClock(env.CARMIC_CLOCK_OFFSET_MS);
    const databaseUrl = env.CARMIC_MIGRATION_DATABASE_URL ?? env.CARMIC_DATABASE_URL;
    const report = await takeBackup({ env, clock, databaseUrl, store, secret, columnKeys }, repository, options);
    if (!options.isDatabaseOnly) {
      await db.asSystem((tx) =>
        db.change(
          tx,
          `INSERT INTO instance_settings (name, value) VALUES ('last_backup', CAST(:value AS jsonb))
           ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
          { value: JSON.stringify({ at: clock.now().toISOString(), id: report.id }) },
        ),
      );
    }
    return report;
  });
}

export const backup: OperatorCommand = {
  help: [
    '--to PLACE       a folder, or s3://bucket/prefix (default: CARMIC_BACKUP_TO)',
    '--keep N         how many backups stay (default: CARMIC_BACKUP_KEEP)',
    '--database-only  leaves new objects out, for a quick one before a change',
    '--journal-only   copies the journal of deletions only: cheap enough for every few minutes',
    'The root key is not in it: keep it in another safe place.',
  ],
  options: { to: { type: 'string' }, keep: { type: 'string' }, 'database-only': { type: 'boolean' }, 'journal-only': { type: 'boolean' } },
  async run(call) {
    const env = readEnv(call.environment);
    const place = await placeOf(call, env, 'to');
    if (call.values['journal-only'] === true) {
      const entries = await withInstallation(env, async ({ rootKeys, store }) =>
        copyJournal(store, await openRepository(place, rootKeys, true)),
      );
      return { lines: [`${entries} new deletions copied to ${place.name}.`], data: { entries } };
    }
    const keep = Number(textOption(call, 'keep') ?? env.CARMIC_BACKUP_KEEP);
    if (!Number.isInteger(keep) || keep < 1) {
      throw new StartError('--keep is a number from 1 on.');
    }
    const report = await backUp(env, place, { isDatabaseOnly: call.values['database-only'] === true, keep });
    const { copiedBytes, copiedObjects, id, objects, problems, removedObjects, removedSnapshots, rows } = report;
    return {
      lines: [
        `Backup ${id} is in ${place.name}: ${rows} rows, ${objects} objects, of which ${copiedObjects} were new (${gigabytes(copiedBytes)}).`,
        ...(removedSnapshots + removedObjects > 0
          ? [`Removed: ${removedSnapshots} old backups, ${removedObjects} objects nobody needs.`]
          : []),
        ...problems.map((problem) => `PROBLEM ${problem}`),
      ],
      data: report,
      exitCode: problems.length === 0 ? 0 : 1,
    };
  },
};

async function chooseSnapshot(call: CommandCall, place: BackupPlace): Promise<string> {
  const ids = await listSnapshots(place);
  const wanted = textOption(call, 'snapshot') ?? ids.at(-1);
  if (wanted === undefined) {
    throw new StartError(`There is no whole backup in ${place.name}.`);
  }
  if (!ids.includes(wanted)) {
    throw new StartError(`There is no backup ${wanted} in ${place.name}. There are: ${ids.join(', ')}.`);
  }
  return wanted;
}

export const restore: OperatorCommand = {
  help: [
    '--from PLACE     a folder, or s3://bucket/prefix (default: CARMIC_BACKUP_TO)',
    '--snapshot ID    which one (default: the newest; `carmic verify --list` names them)',
    '--database-only  leaves the storage as it is, for a database that was lost alone',
    '--allow-missing  goes on although files of objects are missing',
    'Wants CARMIC_MIGRATION_DATABASE_URL and the root key of then. Deletions made after the backup stay deleted.',
  ],
  options: {
    from: { type: 'string' },
    snapshot: { type: 'string' },
    'database-only': { type: 'boolean' },
    'allow-missing': { type: 'boolean' },
  },
  async run(call) {
    const env = readEnv(call.environment);
    const place = await placeOf(call, env, 'from');
    const rootKeys = openRootKeys(env);
    const repository = await openRepository(place, rootKeys, false);
    const snapshotId = await chooseSnapshot(call, place);
    if (env.CARMIC_SUPERUSER_DATABASE_URL !== undefined && env.CARMIC_MIGRATION_DATABASE_URL !== undefined) {
      const passwordOf = (url: string) => decodeURIComponent(new URL(url).password);
      await createRolesAndDatabase(env.CARMIC_SUPERUSER_DATABASE_URL, {
        owner: passwordOf(env.CARMIC_MIGRATION_DATABASE_URL),
        app: passwordOf(env.CARMIC_DATABASE_URL),
      });
    }
    const report = await restoreBackup(env, rootKeys, repository, {
      snapshotId,
      isDatabaseOnly: call.values['database-only'] === true,
      isMissingAllowed: call.values['allow-missing'] === true,
      say: call.say,
    });
    const { deletedSince, journalEntries, missingObjects, objectBytes, objects, rows, takenAt } = report;
    return {
      lines: [
        `Restored as of ${takenAt}: ${rows} rows, ${objects} objects (${gigabytes(objectBytes)}).`,
        `${journalEntries} deletions are in the journal; what they deleted after the backup is deleted again at the next start, before anything is served (${deletedSince} objects were left out already).`,
        ...(missingObjects > 0 ? [`${missingObjects} objects had no file and were left out.`] : []),
        'Start Carmic now.',
      ],
      data: report,
      exitCode: missingObjects === 0 ? 0 : 1,
    };
  },
};

export const verify: OperatorCommand = {
  help: [
    '--from PLACE   a folder, or s3://bucket/prefix (default: CARMIC_BACKUP_TO)',
    '--snapshot ID  which one (default: the newest)',
    '--list         only lists the backups that are there',
  ],
  options: { from: { type: 'string' }, snapshot: { type: 'string' }, list: { type: 'boolean' } },
  async run(call) {
    const env = readEnv(call.environment);
    const place = await placeOf(call, env, 'from');
    if (call.values['list'] === true) {
      const ids = await listSnapshots(place);
      return { lines: ids.map((id) => `${id}  taken ${snapshotTime(id).toISOString()}`), data: { snapshots: ids } };
    }
    const repository = await openRepository(place, openRootKeys(env), false);
    const id = await chooseSnapshot(call, place);
    const report = await verifyBackup(repository, id);
    const { deletedSince, objectBytes, objects, problems, tables, takenAt } = report;
    return {
      lines: [
        `Backup ${id} of ${takenAt}: ${tables} tables, ${objects} objects (${gigabytes(objectBytes)}), ${deletedSince} deleted since: ${problems.length === 0 ? 'every hash is right' : `${problems.length} PROBLEMS`}.`,
        ...problems,
      ],
      data: { id, ...report },
      exitCode: problems.length === 0 ? 0 : 1,
    };
  },
};
