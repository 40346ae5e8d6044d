import { expect, test } from 'vitest';
import { cleanTags } from './cleanTags.ts';

test('tags stay as they are written, in their order, without the sign before them and each once', () => {
  expect(cleanTags(['#Möwen', 'der  alte\tFluss', 'möwen', 'ＭÖＷＥＮ', '2026', '# C#'])).toEqual(['Möwen', 'der alte Fluss', '2026', 'C#']);
  expect(cleanTags([])).toEqual([]);
});

test('what is no tag is refused, not left out', () => {
  expect(() => cleanTags(['sea, wind'])).toThrow(/comma/);
  expect(() => cleanTags(['sea', '#!'])).toThrow(/letter or digit/);
});
