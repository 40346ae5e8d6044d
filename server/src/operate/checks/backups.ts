import { limits } from '../../admin/overview/limits.ts';
import type { Env } from '../../core/env.ts';
import { openPlace } from '../backup/place.ts';
import { listSnapshots, snapshotTime } from '../backup/repository.ts';
import { messageOf } from '../failures.ts';
import { type Check, failed, ok, warning } from './check.ts';

/** Whether there is a backup, and of when the newest is. */
export async function checkBackups(env: Env): Promise<Check[]> {
  const fix = 'Run `carmic backup` every night (docs/operate.md, “Backup”).';
  if (env.CARMIC_BACKUP_TO === undefined) {
    return [warning('backup', 'CARMIC_BACKUP_TO is not set: nobody can tell whether there are backups.', fix)];
  }
  try {
    const newest = (await listSnapshots(await openPlace(env, env.CARMIC_BACKUP_TO))).at(-1);
    if (newest === undefined) {
      return [failed('backup', `There is no backup in ${env.CARMIC_BACKUP_TO}.`, fix)];
    }
    const hours = (Date.now() - snapshotTime(newest).getTime()) / 3_600_000;
    const message = `The newest backup is ${hours.toFixed(0)} hours old.`;
    return [hours > limits.oldestBackupHours ? failed('backup', message, fix) : ok('backup', message)];
  } catch (error) {
    return [failed('backup', messageOf(error), 'Make the place of the backups reachable and writable for this user.')];
  }
}
