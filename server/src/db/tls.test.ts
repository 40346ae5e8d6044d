import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readDatabaseAddress } from './tls.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-tls-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the address of a database', () => {
  test('without a word about TLS it is taken as it is', () => {
    expect(readDatabaseAddress('postgres://app:p%40ss@db:5432/carmic')).toEqual({
      url: 'postgres://app:p%40ss@db:5432/carmic',
      ssl: false,
    });
  });

  test('S2: verify-full means TLS 1.3, a checked certificate, and an authority of one’s own where it is named', () => {
    const file = join(directory, 'ca.crt');
    writeFileSync(file, 'the authority');
    expect(readDatabaseAddress(`postgres://app:x@db/carmic?sslmode=verify-full&sslrootcert=${file}`)).toEqual({
      url: 'postgres://app:x@db/carmic',
      ssl: { ca: 'the authority', rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    });
    expect(readDatabaseAddress('postgres://app:x@db/carmic?sslmode=verify-full').ssl).toEqual({
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    });
  });

  test.each(['require', 'prefer', 'allow', 'verify-ca'])('S2: %s, which does not know to whom it speaks, is refused', (mode) => {
    expect(() => readDatabaseAddress(`postgres://app:x@db/carmic?sslmode=${mode}`)).toThrow(/use verify-full/);
  });

  test('what cannot be used is said in words', () => {
    expect(() => readDatabaseAddress('not a url')).toThrow(/no URL/);
    expect(() => readDatabaseAddress(`postgres://app:x@db/carmic?sslmode=verify-full&sslrootcert=${directory}/none`)).toThrow(
      /cannot be read/,
    );
  });
});
