import { expect, test } from 'vitest';
import { refuseOddJson } from './refuseOddJson.ts';

test('NUL is refused in texts and names at every depth, and nothing else', () => {
  for (const value of ['a\u0000', ['\u0000'], { a: { b: ['x', 'y\u0000z'] } }, { 'n\u0000': 1 }]) {
    expect(() => refuseOddJson(value)).toThrow('NUL');
  }
  expect(() => refuseOddJson({ a: ['', 'a\\u0000', 0, null, true, undefined], '': {} })).not.toThrow();
});

test('what is nested without end is refused before it fills the stack', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown;
  expect(() => refuseOddJson(nested(64))).not.toThrow();
  expect(() => refuseOddJson(nested(65))).toThrow('nested');
  expect(() => refuseOddJson({ a: nested(200_000) })).toThrow('nested');
});
