/**
 * Who runs PostgreSQL. It refuses to run as root, so root hands it to the owner of an existing cluster, or to the operating system's
 * user `postgres`, which is made when it is missing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { StartFailure, systemCode } from './startFailure.ts';

/** The user under whom PostgreSQL runs; null stands for the one who runs this process. */
export type Account = { uid: number; gid: number } | null;

const userName = 'postgres';

/** Chooses the account for the cluster in `directory`, which may not exist yet. Throws StartFailure. */
export function chooseAccount(directory: string): Account {
  const owner = ownerOf(directory);
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) {
    if (owner !== null && owner.uid !== uid) {
      throw new StartFailure(
        'noPermission',
        `The database in ${directory} belongs to another user (number ${owner.uid}), and this is ${userInfo().username}. Start Carmic as the user who started it first, or choose another folder with --data.`,
      );
    }
    return null;
  }
  if (owner !== null && owner.uid !== 0) {
    return owner;
  }
  return findAccount() ?? makeAccount();
}

function ownerOf(directory: string): { uid: number; gid: number } | null {
  try {
    const { uid, gid } = statSync(directory);
    return { uid, gid };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      return null;
    }
    if (systemCode(error) === 'EACCES') {
      throw new StartFailure(
        'noPermission',
        `The database folder ${directory} cannot be looked into by this user. Start Carmic as the user who started it first.`,
      );
    }
    throw error;
  }
}

function findAccount(): Account {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${userName}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

function makeAccount(): Account {
  const made = spawnSync(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', userName],
    {
      encoding: 'utf8',
    },
  );
  const account = findAccount();
  if (account === null) {
    const why = (made.error?.message ?? made.stderr ?? '').trim();
    throw new StartFailure(
      'noPermission',
      `PostgreSQL does not run as root, and the user "${userName}" for it could not be made (${why}). Make it with "useradd --system ${userName}", or start Carmic as an ordinary user.`,
    );
  }
  return account;
}

/** Tells whether the account can reach and read `path` (a real attempt: modes alone do not know of access lists). */
export function canReach(account: Account, path: string, test: '-r' | '-x'): boolean {
  if (account === null) {
    try {
      accessSync(path, test === '-x' ? constants.X_OK : constants.R_OK);
      return true;
    } catch {
      return false;
    }
  }
  return spawnSync('/bin/sh', ['-c', `test ${test} "$1"`, 'sh', path], { ...account, cwd: '/' }).status === 0;
}
