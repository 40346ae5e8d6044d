import { expect, test } from 'vitest';
import { addTags } from './addTags.ts';

test('what was written becomes tags, each once, behind those that are there', () => {
  expect(addTags(['Sea'], ' #wind,, sea , der  Fluss')).toEqual({ tags: ['Sea', 'wind', 'der Fluss'], fault: null });
  expect(addTags(['Sea'], '  ')).toEqual({ tags: ['Sea'], fault: null });
});

test('what is no tag, too long or too many adds nothing and says why', () => {
  expect(addTags(['Sea'], 'wind, !?')).toEqual({ tags: ['Sea'], fault: 'empty' });
  expect(addTags([], '#')).toEqual({ tags: [], fault: 'empty' });
  expect(addTags([], 'x'.repeat(41)).fault).toBe('long');
  const full = Array.from({ length: 15 }, (_, i) => `tag ${i}`);
  expect(addTags(full, 'one more').fault).toBe('many');
  expect(addTags(full, 'TAG 3')).toEqual({ tags: full, fault: null });
});
