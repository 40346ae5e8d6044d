import { settingProblemCodes, type SettingProblem } from '@carmic/contract';
import { expect, it } from 'vitest';
import { de } from '../../../../console/src/messages/de.ts';
import { en } from '../../../../console/src/messages/en.ts';
import { tellProblem } from '../../../../console/src/system/tellProblem.ts';
import { envSchema, secretNames } from '../../core/env.ts';
import { checkSetting } from './settings.ts';

const codesOf = (name: string, value: string) => checkSetting(name, value).map(({ code, values }) => [code, ...values]);
const germanOf = (name: string, value: string) => checkSetting(name, value).map((problem) => tellProblem(name, problem, de));

it('a value beyond a bound is told with the bound, and what that is', () => {
  expect(codesOf('CARMIC_JOURNAL_DAYS', '3')).toEqual([['at_least', '30']]);
  expect(germanOf('CARMIC_JOURNAL_DAYS', '3')).toEqual(['Der Wert muss mindestens 30 (30 Tage) sein.']);
  expect(codesOf('CARMIC_PORT', '70000')).toEqual([['at_most', '65535']]);
  expect(germanOf('CARMIC_PORT', '70000')).toEqual(['Der Wert darf höchstens 65535 sein.']);
  expect(germanOf('CARMIC_LEASE_SECONDS', '0')).toEqual(['Der Wert muss größer sein als 0.']);
  expect(germanOf('CARMIC_INSTANCE_NAME', 'x'.repeat(61))).toEqual(['Es dürfen höchstens 60 Zeichen sein.']);
});

it('a value with a unit is answered with the number to enter', () => {
  const values: [name: string, value: string, amount: string][] = [
    ['CARMIC_MAX_UPLOAD_BYTES', '20 GB', '20000000000'],
    ['CARMIC_MIN_FREE_BYTES', '1GiB', '1073741824'],
    ['CARMIC_MAX_DURATION_SECONDS', '1,5 Stunden', '5400'],
    ['CARMIC_STALL_SECONDS', '15 min', '900'],
    ['CARMIC_JOURNAL_DAYS', '8 weeks', '56'],
    ['CARMIC_CLOCK_OFFSET_MS', '2 s', '2000'],
    ['CARMIC_MAX_FRAME_PIXELS', '33 MP', '33000000'],
  ];
  expect(values.map(([name, value]) => codesOf(name, value)[0]?.slice(0, 3))).toEqual(
    values.map(([name, , amount]) => ['unit', /MS$/.test(name) ? 'milliseconds' : /[A-Z]+$/.exec(name)?.[0].toLowerCase(), amount]),
  );
  expect(germanOf('CARMIC_MAX_UPLOAD_BYTES', '20 GB')).toEqual([
    'Diese Einstellung zählt in Bytes und braucht die Zahl allein: 20000000000 (20 GB).',
  ]);
  expect(codesOf('CARMIC_MAX_UPLOAD_BYTES', '20 parsecs')).toEqual([['unit', 'bytes', '']]);
  expect(codesOf('CARMIC_PORT', '20 GB')).toEqual([['not_number']]);
});

it('whatever can be wrong with a value has a code, and German words that differ from the English ones', () => {
  const odd = ['', ' ', 'many', '1.5', '-1', '0', '9'.repeat(20), '20 GB', 'A B', '!', 'ftp:', 'x'.repeat(600)];
  const found = (Object.keys(envSchema.shape) as (keyof typeof envSchema.shape)[])
    .filter((name) => !secretNames.includes(name))
    .flatMap((name) => odd.flatMap((value) => checkSetting(name, value).map((problem): [string, SettingProblem] => [name, problem])));
  const codes = new Set(found.map(([, { code }]) => code));
  expect([...settingProblemCodes].filter((code) => !codes.has(code))).toEqual(['other']);
  expect(found.filter(([, { code }]) => code === 'other')).toEqual([]);
  expect(found.filter(([, { text }]) => !/^(Must|May) .+\.$/.test(text))).toEqual([]);
  const same = found.filter(([name, problem]) => tellProblem(name, problem, de) === tellProblem(name, problem, en));
  expect(same).toEqual([]);
});
