import { eventTypes } from '@carmic/contract';
import { expect, it } from 'vitest';
import { eventSubjects as germanSubjects, events as german } from './events.de.ts';
import { eventSubjects, events } from './events.en.ts';

it('has words in English and German, and a heading, for every event that the server can write', () => {
  const catalogues = { events, german } as const;
  for (const [language, words] of Object.entries(catalogues)) {
    expect([...Object.keys(words)].sort(), language).toEqual([...eventTypes].sort());
    expect(eventTypes.filter((type) => !/^\p{Lu}[^_]* /u.test(`${words[type]} `) || words[type].includes('.'))).toEqual([]);
    // Two events are never told alike: who reads the log must be able to tell them apart.
    expect(new Set(eventTypes.map((type) => words[type])).size, language).toBe(eventTypes.length);
  }
  expect(eventTypes.filter((type) => events[type] === german[type])).toEqual([]);
  const subjects = new Set(eventTypes.map((type) => type.split('.')[0] ?? ''));
  for (const headings of [eventSubjects, germanSubjects]) {
    expect(Object.keys(headings).sort()).toEqual([...subjects].sort());
  }
});
