/**
 * The folder where an installation keeps everything: `root.key`, `secrets.json`, `postgres/`, `objects/`, `agent/`, `logs/`.
 * Nobody but the user who runs Carmic can look into it.
 */
import { chmodSync, existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './folders.ts';
import { formatBytes } from './printable.ts';
import { describeSystemError, StartFailure } from './startFailure.ts';

export interface DataDirectory {
  readonly path: string;
  readonly rootKeyFile: string;
  readonly secretsFile: string;
  readonly agent: string;
  readonly logs: string;
  readonly models: string;
}

// A fresh cluster takes 55 MB with its first write-ahead log; the rest is for the first object, logs and a little work.
const firstStartBytes = 300_000_000;
const laterStartBytes = 60_000_000;
const what = 'The data folder';

/** Makes the folder and proves that it can be written to and has room. Throws StartFailure. */
export function prepareDataDirectory(path: string): DataDirectory {
  const directory: DataDirectory = {
    path,
    rootKeyFile: join(path, 'root.key'),
    secretsFile: join(path, 'secrets.json'),
    agent: join(path, 'agent'),
    logs: join(path, 'logs'),
    models: join(path, 'models'),
  };
  const isFirst = !existsSync(directory.secretsFile);
  try {
    makeFolder(path, 0o700);
    const trial = join(path, `.trial.${process.pid}`);
    writeFileSync(trial, Buffer.alloc(64 * 1024), { mode: 0o600 });
    rmSync(trial);
    checkRoom(path, isFirst ? firstStartBytes : laterStartBytes);
    for (const folder of [directory.agent, directory.logs, directory.models]) {
      makeFolder(folder, 0o700);
    }
    if (isFirst) {
      // Root's cluster runs as another user, who has to get through this folder, but may not list it.
      chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    }
  } catch (error) {
    throw describeSystemError(error, path, what);
  }
  return directory;
}

function checkRoom(path: string, neededBytes: number): void {
  const { bavail, bsize } = statfsSync(path);
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes) {
    throw new StartFailure(
      'ioError',
      `${what} ${path} has ${formatBytes(freeBytes)} of free disk space, and a start needs ${formatBytes(neededBytes)}. Free some space, or choose another disk with --data.`,
    );
  }
}
