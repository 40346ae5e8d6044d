import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

/**
 * Makes a directory that an operator named, and those above it; one that is there is fine. Rejects with the error of the file system. Node's own
 * `recursive` never ends where a file system refuses new names with ENOENT, as /proc does.
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const make = () => mkdir(path, { mode });
  try {
    await make();
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) {
      return;
    }
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) {
      throw error;
    }
    await makeFolder(dirname(path), mode);
    await make().catch((second: unknown) => {
      // Another process may have been quicker.
      if (codeOf(second) !== 'EEXIST') {
        throw second;
      }
    });
  }
}
