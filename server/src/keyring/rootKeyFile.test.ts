import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StartError } from '../core/errors.ts';
import { createFileKeys } from './fileKeys.ts';
import { beginRootKey, finishRootKey, readRootKeys } from './rootKeyFile.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-keys-'));

test('a missing file, a short key and a key of zeros are refused, each with what to do', () => {
  const short = join(directory, 'short');
  const zeros = join(directory, 'zeros');
  writeFileSync(short, Buffer.alloc(16, 1).toString('base64'));
  writeFileSync(zeros, Buffer.alloc(32).toString('base64'));
  expect(() => readRootKeys(join(directory, 'none'))).toThrow(/Put the key file back/);
  expect(() => readRootKeys(short)).toThrow(/not 32 bytes/);
  expect(() => readRootKeys(zeros)).toThrow(StartError);
});

test('the root key of a file is replaced while it is in use, and a kill in between is gone on with', async () => {
  const file = join(directory, 'root');
  const first = randomBytes(32);
  writeFileSync(file, `${first.toString('base64')}\n`, { mode: 0o600 });
  const keys = createFileKeys(file);
  const before = await keys.wrap(Buffer.from('secret'));
  await beginRootKey(file);
  const both = readRootKeys(file);
  expect(both).toHaveLength(2);
  expect(both[1]?.equals(first)).toBe(true);
  await beginRootKey(file);
  expect(readRootKeys(file)).toEqual(both);
  expect((await keys.unwrap(before)).toString()).toBe('secret');
  const after = await keys.rewrap(before);
  expect(after.keyId).toBe(await keys.currentKeyId());
  expect(after.keyId).not.toBe(before.keyId);
  await finishRootKey(file);
  expect(readRootKeys(file)).toEqual(both.slice(0, 1));
  expect((await keys.unwrap(after)).toString()).toBe('secret');
  await expect(keys.unwrap(before)).rejects.toMatchObject({ code: 'unknown_key' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8').trim()).not.toContain('\n');
});

test('an envelope that was altered or names another key does not open', async () => {
  const file = join(directory, 'altered');
  writeFileSync(file, `${randomBytes(32).toString('base64')}\n`);
  const keys = createFileKeys(file);
  const envelope = await keys.wrap(Buffer.from('secret'));
  const bytes = Buffer.from(envelope.wrapped, 'base64');
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  await expect(keys.unwrap({ ...envelope, wrapped: bytes.toString('base64') })).rejects.toMatchObject({ code: 'damaged' });
  await expect(keys.unwrap({ ...envelope, keyId: 'file:00' })).rejects.toMatchObject({ code: 'unknown_key' });
});

test('a file in a folder that cannot be written is told how to be replaced by hand', async () => {
  await expect(beginRootKey('/proc/self/none')).rejects.toThrow(/cannot be read/);
  // A directory in the place of the new file cannot be replaced, by root neither.
  const file = join(directory, 'blocked');
  writeFileSync(file, `${randomBytes(32).toString('base64')}\n`);
  mkdirSync(`${file}.new`);
  await expect(beginRootKey(file)).rejects.toThrow(/openssl rand/);
  expect(readRootKeys(file)).toHaveLength(1);
});
