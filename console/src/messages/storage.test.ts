import { storageFindings, type StorageCheck } from '@carmic/contract';
import { expect, it } from 'vitest';
import { findings, storage } from './storage.de.ts';

const everyValue = new Proxy<StorageCheck['values']>({}, { get: (_, name) => `<${String(name)}>` });

it('tells every finding of the storage in German, with what to do where something is wrong', () => {
  expect(Object.keys(findings).sort()).toEqual([...storageFindings].sort());
  const told = storageFindings.map((finding) => findings[finding](everyValue));
  expect(told.filter(([message]) => !message.endsWith('.') && !message.endsWith('“'))).toEqual([]);
  expect(new Set(told.map((each) => each.join(' '))).size).toBe(storageFindings.length);
  const check = { finding: 'space_short', passed: false, message: 'English', remedy: 'English', values: { freeBytes: '2 GB' } } as const;
  expect(storage.storage.found(check)).toMatchObject({
    message: expect.stringContaining('Nur 2 GB sind frei'),
    remedy: expect.stringContaining('senken'),
  });
  // What is as it must be needs nothing done.
  expect(storage.storage.found({ ...check, finding: 'round_trip', passed: true }).remedy).toBeNull();
});
