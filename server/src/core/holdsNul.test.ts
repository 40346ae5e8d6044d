import { expect, test } from 'vitest';
import { holdsNul } from './holdsNul.ts';

test('finds NUL in texts and names at every depth, and nothing else', () => {
  for (const value of ['a\u0000', ['\u0000'], { a: { b: ['x', 'y\u0000z'] } }, { 'n\u0000': 1 }]) {
    expect(holdsNul(value)).toBe(true);
  }
  expect(holdsNul({ a: ['', 'a\\u0000', 0, null, true, undefined], '': {} })).toBe(false);
});
