import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { isCode } from '../failures.ts';
import { StartError } from '../../core/errors.ts';
import { makeFolder } from '../../core/makeFolder.ts';
import type { Env } from '../../core/env.ts';
import type { BackupPlace, PlacedFile } from './backupPlace.ts';
import { openBucketPlace } from './bucketPlace.ts';

/** Opens the place that `to` names: a folder, or `s3://bucket/prefix`. Throws StartError for what the operator must mend. */
export async function openPlace(env: Env, to: string): Promise<BackupPlace> {
  return to.startsWith('s3://') ? openBucketPlace(env, to) : openFolder(to);
}

const temporarySuffix = '.partial';

async function openFolder(path: string): Promise<BackupPlace> {
  const root = resolve(path);
  const explain = (error: unknown): never => {
    const reason = error instanceof Error ? error.message : String(error);
    throw isCode(error, 'ENOSPC', 'EDQUOT')
      ? new StartError(`The disk of the backups is full (${root}): free some space on it, or keep fewer with CARMIC_BACKUP_KEEP.`)
      : new StartError(`The folder of the backups cannot be used: ${reason}. Make ${root} writable for this user.`);
  };
  await makeFolder(root, 0o700).catch(explain);
  return {
    name: root,
    async write(name, body) {
      const target = join(root, name);
      const temporary = `${target}.${process.pid}${temporarySuffix}`;
      try {
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        const file = await open(temporary, 'w', 0o600);
        try {
          for await (const piece of body) {
            await file.writeFile(piece);
          }
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, target);
      } catch (error) {
        await rm(temporary, { force: true });
        if (error instanceof Error && 'syscall' in error) {
          explain(error);
        }
        throw error;
      }
    },
    async read(name) {
      try {
        await stat(join(root, name));
      } catch (error) {
        if (isCode(error, 'ENOENT', 'ENOTDIR')) {
          return null;
        }
        return explain(error);
      }
      return createReadStream(join(root, name), { highWaterMark: 1024 * 1024 });
    },
    async *list(prefix) {
      const folder = prefix.endsWith('/') ? prefix : prefix.slice(0, prefix.lastIndexOf('/') + 1);
      for await (const file of walk(root, join(root, folder))) {
        if (file.path.startsWith(prefix)) {
          yield file;
        }
      }
    },
    async remove(names) {
      for (const name of names) {
        await rm(join(root, name), { force: true }).catch(explain);
      }
    },
  };
}

async function* walk(root: string, folder: string): AsyncGenerator<PlacedFile> {
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        yield* walk(root, path);
      } else if (!entry.name.endsWith(temporarySuffix)) {
        const { mtime, size } = await stat(path);
        yield {
          path: path
            .slice(root.length + 1)
            .split(sep)
            .join('/'),
          sizeBytes: size,
          writtenAt: mtime,
        };
      }
    }
  } catch (error) {
    if (!isCode(error, 'ENOENT', 'ENOTDIR')) {
      throw error;
    }
  }
}
