/** Where programs that only the tests need are looked for, and kept once they were brought. */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The folder of programs that were brought: `CARMIC_TEST_CACHE`, or one in the user's cache folder. */
export const cacheFolder = () =>
  process.env.CARMIC_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'carmic-test');

/** Whether this user may run the file. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of a program on PATH or in one of the folders named, or null. */
export function onPath(name, more = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...more].filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}
