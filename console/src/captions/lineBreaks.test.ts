import type { CaptionPlan } from '@carmic/captions';
import { expect, test } from 'vitest';
import { laidWords, turnBreak } from './lineBreaks.ts';

const word = (text: string, at: number, before?: 'break' | 'join') => ({
  ...{ text, startSeconds: at, endSeconds: at + 0.3, sourceSeconds: at + 10 },
  ...(before && { before }),
});
const captions = [
  { lines: [[word('We', 0), word('carried', 0.4)], [word('books', 0.8, 'break')]] },
  { lines: [[word('up', 1.2), word('stairs', 1.6, 'join')]] },
] as unknown as CaptionPlan['captions'];

test('every word says what stands before it; before the first there is nothing to choose', () => {
  expect(laidWords(captions).map(({ text, sourceSeconds, begins, wanted }) => [text, sourceSeconds, begins, wanted])).toEqual([
    ['We', undefined, 'caption', undefined],
    ['carried', 10.4, null, undefined],
    ['books', 10.8, 'line', 'break'],
    ['up', 11.2, 'caption', undefined],
    ['stairs', 11.6, null, 'join'],
  ]);
});

test('a press turns round what is there, and the next one leaves it to the layout again', () => {
  const [first, carried, books, up, stairs] = laidWords(captions);
  const breaks = [
    { atSeconds: 10.85, kind: 'break' as const },
    { atSeconds: 11.6, kind: 'join' as const },
  ];
  expect(carried && turnBreak(breaks, carried)).toEqual([{ atSeconds: 10.4, kind: 'break' }, ...breaks]);
  expect(up && turnBreak(breaks, up)[1]).toEqual({ atSeconds: 11.2, kind: 'join' });
  expect(books && turnBreak(breaks, books)).toEqual([breaks[1]]);
  expect(stairs && turnBreak(breaks, stairs)).toEqual([breaks[0]]);
  expect(first && turnBreak(breaks, first)).toEqual(breaks);
});
