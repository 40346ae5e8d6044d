import { auditProblemCodes } from '@carmic/contract';
import { expect, it } from 'vitest';
import { audit as german } from './doors.de.ts';
import { audit as english } from './doors.en.ts';

it('tells whatever a check of the audit log finds in English and in German, with the same values', () => {
  const valuesOf: Partial<Record<(typeof auditProblemCodes)[number], string[]>> = { head_signature: ['2026-05-01T00:00:00.000Z'] };
  const told = ({ problems }: typeof english) => auditProblemCodes.map((code) => problems[code](...(valuesOf[code] ?? ['471', '815'])));
  expect(told(english)).toHaveLength(Object.keys(english.problems).length);
  const valuesIn = (sentence: string) => [...new Set(sentence.match(/2026|471|815/g))].sort();
  expect(told(german).map(valuesIn)).toEqual(told(english).map(valuesIn));
  expect(new Set(told(german)).size).toBe(auditProblemCodes.length);
  expect(told(german).filter((sentence) => told(english).includes(sentence) || !/ .+\.$/.test(sentence))).toEqual([]);
  // The file with the heads lies outside, where anybody may have written into it.
  expect(german.problems.head_signature('yesterday')).toBe('Die Signatur des Standes vom „yesterday“ passt nicht.');
});
