/** Attacks on the figures: what somebody who knows everything but one contributor could learn. Keeps: A3. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CellKey, type Contribution, isSafe, releaseDay } from './suppress.ts';

const key: CellKey = { encoder: 'libx264', resolution: 'full_hd', frameRate: 'video', duration: 'under_30', preset: 'veryfast', rate: 21 };
const give = (contributor: string, changes: Partial<Omit<Contribution, 'key'>> & { key?: Partial<CellKey> } = {}): Contribution => {
  const score = changes.score ?? 0.97;
  return { contributor, clips: 2, score, scoreSquare: score ** 2, bitsPerPixel: 0.1, ...changes, key: { ...key, ...changes.key } };
};
const people = (count: number, changes: Parameters<typeof give>[1] = {}, prefix = 'p') =>
  Array.from({ length: count }, (_, index) => give(`${prefix}${index}`, changes));

describe('A3: what is released of a day', () => {
  test('a group smaller than k is not, and one of k is', () => {
    expect(releaseDay(people(19), 20)).toEqual([]);
    expect(releaseDay(people(20), 20)).toMatchObject([{ key, contributors: 20, score: 0.97, deviation: 0, bitsPerPixel: 0.1 }]);
  });

  test('one contributor with more than a fifth of the clips hides the whole group', () => {
    const others = people(40, { clips: 1 });
    expect(releaseDay([...others, give('large', { clips: 10 })], 20)).toHaveLength(1);
    expect(releaseDay([...others, give('large', { clips: 11 })], 20)).toEqual([]);
  });

  test('many workspaces of one owner are one contributor', () => {
    expect(releaseDay([...people(19), ...Array.from({ length: 30 }, () => give('p0', { clips: 1 }))], 20)).toEqual([]);
  });

  test('a contributor moves a figure by its share only, however many clips it made', () => {
    const [without] = releaseDay(people(25, { clips: 10 }), 20);
    const [withOne] = releaseDay([...people(25, { clips: 10 }), give('odd', { clips: 60, score: 0.5 })], 20);
    expect(Number(without?.score) - Number(withOne?.score)).toBeCloseTo((0.97 - 0.5) / 26, 3);
  });

  test('all clips minus the shown ones do not reveal a hidden group', () => {
    // One workspace alone makes long clips: without the rule its number would be what is missing.
    const hidden = give('alone', { key: { duration: 'longer' }, clips: 7 });
    const shown = [...people(30), ...people(21, { key: { duration: 'under_15' } }, 'q')];
    const cells = releaseDay([...shown, hidden], 20);
    expect(cells.map((cell) => cell.key.duration)).toEqual(['under_30']);
    // What is missing now are 21 others and that one.
    expect(releaseDay([...people(30), hidden], 20)).toEqual([]);
  });

  test('small groups that are alike are released together, and nothing twice', () => {
    const cells = releaseDay([...people(12), ...people(12, { key: { duration: 'longer' } }, 'q')], 20);
    expect(cells).toMatchObject([{ key: { ...key, frameRate: 'other', duration: 'other' }, contributors: 24 }]);
  });

  test('whatever is given, shown cells and the remainder are safe and do not overlap', () => {
    const contribution = fc.record({
      who: fc.integer({ min: 0, max: 60 }),
      clips: fc.integer({ min: 1, max: 9 }),
      duration: fc.constantFrom('under_15', 'under_30', 'longer' as const),
      rate: fc.constantFrom(21, 23),
    });
    fc.assert(
      fc.property(fc.array(contribution, { maxLength: 200 }), fc.integer({ min: 5, max: 25 }), (given, minimumGroup) => {
        const all = given.map(({ who, clips, duration, rate }) =>
          give(`w${who}`, { clips, key: { duration: duration as CellKey['duration'], rate } }),
        );
        const cells = releaseDay(all, minimumGroup);
        const fineShown = new Set(cells.filter((cell) => cell.key.duration !== 'other').map((cell) => `${cell.key.duration} ${cell.key.rate}`));
        const wideShown = new Set(cells.filter((cell) => cell.key.duration === 'other').map((cell) => cell.key.rate));
        const isFine = (each: Contribution) => fineShown.has(`${each.key.duration} ${each.key.rate}`);
        const isWide = (each: Contribution) => !isFine(each) && wideShown.has(each.key.rate);
        for (const cell of cells) {
          const members = all.filter((each) =>
            cell.key.duration === 'other'
              ? isWide(each) && each.key.rate === cell.key.rate
              : each.key.duration === cell.key.duration && each.key.rate === cell.key.rate,
          );
          expect(isSafe(members, minimumGroup)).toBe(true);
        }
        const remainder = all.filter((each) => !isFine(each) && !isWide(each));
        expect(cells.length === 0 || remainder.length === 0 || isSafe(remainder, minimumGroup)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
