import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './startFailure.ts';

/** The nearest folder that exists on the way to `path`. */
export function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns below file systems that answer ENOENT to every attempt
 * (/proc), so the folders are made one by one.
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      // A file by that name is an error, a folder is not; through a slash only a folder can be found.
      if (!existsSync(`${path}/.`)) {
        throw error;
      }
      return;
    }
    if (systemCode(error) !== 'ENOENT' || existsSync(dirname(path))) {
      throw error;
    }
    makeFolder(dirname(path), mode);
    mkdirSync(path, { mode });
  }
}
