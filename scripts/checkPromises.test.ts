import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkPromises } from './checkPromises.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'carmic-promises-'));
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'package.json'), JSON.stringify({ scripts: { tune: 'x' } }));
  writeFileSync(join(root, 'src/keeps.ts'), '/** Something. Keeps: R5, R6. */');
  writeFileSync(join(root, 'src/keeps.test.ts'), "describe('it (R6)', () => { test.each([1])(`says ${1} of R5`, () => {}); });");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const problemsOf = (id: string, row: string) => checkPromises(root, row).find((report) => report.id === id)?.problems;

describe('the check of promises', () => {
  test('takes a promise that its code names and a test carries in its name', () => {
    expect(problemsOf('R6', '| R6 | gone | `src` | `src/keeps.test.ts` |')).toEqual([]);
    expect(problemsOf('R5', '| R5 | gone | `src/keeps.ts` | `src/keeps.test.ts`, `npm run tune` |')).toEqual([]);
  });

  test('refuses a promise without a row, without a proof, and with a proof that is none', () => {
    expect(problemsOf('C1', '')).toEqual(['docs/promises.md has no row for it']);
    expect(problemsOf('R6', '| R6 | gone | `src` | |')).toEqual(['nothing proves it']);
    expect(problemsOf('R6', '| R6 | gone | `src` | `src/away.test.ts` |')).toEqual(['src/away.test.ts is not there']);
    expect(problemsOf('R6', '| R6 | gone | `src` | `npm run nothing` |')).toEqual(['package.json has no command nothing']);
    expect(problemsOf('R1', '| R1 | gone | `src` | `src/keeps.test.ts` |')).toEqual([
      'no file of src says “Keeps: R1”',
      'no test of src/keeps.test.ts carries R1 in its name',
    ]);
    expect(problemsOf('R6', '| R6 | gone | `src/away.ts` | `src/keeps.test.ts` |')).toEqual(['src/away.ts is not there']);
  });
});
