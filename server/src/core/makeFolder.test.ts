import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeFolder } from './makeFolder.ts';

const folder = mkdtempSync(join(tmpdir(), 'carmic-directory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a directory', () => {
  test('is made with those above it, once and again, by several at a time', async () => {
    const path = join(folder, 'a/b/c');
    await Promise.all([1, 2, 3, 4].map(() => makeFolder(path, 0o700)));
    await makeFolder(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test('below a file is refused', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file'), 0o700)).rejects.toThrow(/EEXIST/);
    await expect(makeFolder(join(folder, 'file/x'), 0o700)).rejects.toThrow(/ENOTDIR/);
  });

  test.runIf(process.platform === 'linux')('where the file system takes no new names is refused, and does not hang', async () => {
    await expect(makeFolder('/proc/carmic/backups', 0o700)).rejects.toThrow(/ENOENT/);
  });
});
