import type { Word } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { suggestClips } from './suggestClips.ts';
import type { Wish } from './wish.ts';

const subjects = [
  [
    'The river rose in the night and nobody slept.',
    'We carried the old books up the narrow stairs.',
    'The water stood in the hall until the morning.',
  ],
  [
    'We raised the price twice in that first year.',
    'Customers accepted the pricing without a single letter.',
    'A subscription made the prices easy to explain.',
  ],
  [
    'My grandmother baked bread in a stone oven.',
    'She gave a warm loaf to every child outside.',
    'The smell of bread still takes me home today.',
  ],
];
/** Each subject is spoken of for a minute and a half, in sentences of five seconds. */
function talk(): Word[] {
  const words: Word[] = [];
  let at = 0;
  for (const sentences of subjects) {
    for (let i = 0; i < 18; i += 1) {
      const texts = (sentences[i % sentences.length] ?? '').split(' ');
      texts.forEach((text, k) => words.push({ text, startSeconds: at + k * 0.5, endSeconds: at + k * 0.5 + 0.45 }));
      at += 5;
    }
  }
  return words;
}
const wish = (change: Partial<Wish>): Wish => ({
  topics: [],
  avoid: [],
  fromSeconds: 0,
  toSeconds: 270,
  formsOf: (word) => [word.toLowerCase().replace(/(s|ing|e)$/, '')],
  ...change,
});
const find = (change: Partial<Wish>) =>
  suggestClips({
    durationSeconds: 270,
    words: talk(),
    analysis: null,
    wish: wish(change),
    options: { clipCount: 10, minClipSeconds: 15, maxClipSeconds: 25, language: 'en' },
  });

describe('moments by wish', () => {
  it('about a subject speak of it, in any of its forms, and say so', () => {
    const clips = find({ topics: ['pricing'] });
    expect(clips.length).toBeGreaterThan(0);
    for (const clip of clips) {
      expect(clip.excerpt).toMatch(/pric/);
      expect(clip.scoreParts.find(({ name }) => name === 'topic')?.reason).toMatch(/“pricing” in \d+ sentences?/);
      expect(clip.scoreParts.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(clip.score, 5);
    }
  });

  it('nothing is found where nobody speaks of it', () => {
    expect(find({ topics: ['volcano'] })).toEqual([]);
  });

  it('what is to be avoided is in none', () => {
    const clips = find({ avoid: ['bread', 'river'] });
    expect(clips.length).toBeGreaterThan(0);
    expect(clips.filter(({ excerpt }) => /bread|river/.test(excerpt))).toEqual([]);
  });

  it('lies in the range that was asked for', () => {
    const clips = find({ fromSeconds: 100, toSeconds: 200 });
    expect(clips.length).toBeGreaterThan(0);
    expect(clips.every(({ startSeconds, endSeconds }) => startSeconds >= 99.5 && endSeconds <= 200.5)).toBe(true);
  });
});
