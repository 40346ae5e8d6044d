import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from './lock.ts';
import { processIdentity, waitForExit } from './processes.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sleeper() {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const pid = child.pid;
  if (pid === undefined) {
    throw new Error('sleep did not start');
  }
  return { pid, end: () => child.kill('SIGKILL') };
}

function writeHolder(holder: Record<string, unknown>) {
  writeFileSync(join(folder, 'start.lock'), JSON.stringify({ parentPid: null, parentIdentity: null, baseUrl: null, ...holder }));
}

describe('the lock of a data folder', () => {
  test('it is free again after its release', async () => {
    const first = await takeLock(folder, null);
    first.release();
    (await takeLock(folder, null)).release();
  });

  test('a second start is told who runs and where', async () => {
    const other = sleeper();
    writeHolder({ pid: other.pid, identity: processIdentity(other.pid), baseUrl: 'http://127.0.0.1:7070' });
    await expect(takeLock(folder, null)).rejects.toThrow(
      expect.objectContaining({ exitCode: 75, message: expect.stringMatching(/already running .* http:\/\/127\.0\.0\.1:7070/) as string }),
    );
    other.end();
  });

  test('a holder that was killed holds nothing, even when its number went to another process', async () => {
    const other = sleeper();
    writeHolder({ pid: other.pid, identity: '1' });
    (await takeLock(folder, null)).release();
    expect(processIdentity(other.pid)).not.toBeNull();
    other.end();
  });

  test('a lock that was cut short names nobody', async () => {
    writeFileSync(join(folder, 'start.lock'), '{"pid": 1');
    (await takeLock(folder, null)).release();
  });

  test('an orphan whose npm is gone is stopped, and the lock taken', async () => {
    const orphan = sleeper();
    writeHolder({ pid: orphan.pid, identity: processIdentity(orphan.pid), parentPid: 999_999_999, parentIdentity: '1' });
    const lock = await takeLock(folder, null);
    expect(await waitForExit(orphan.pid, 0)).toBe(true);
    lock.release();
  });
});
