import { describe, expect, test } from 'vitest';
import { summariseImpact, typingThreshold } from './impact.ts';

const day = (n: number) => new Date(Date.UTC(2026, 2, n, 9));
const workspaces = [
  { id: 'a', name: 'A', usedBytes: 50, limitBytes: null },
  { id: 'b', name: 'B', usedBytes: 50, limitBytes: 10 },
];

describe('the impact of a change', () => {
  test('tells what ends earlier from what is rescued, by day and workspace', () => {
    const impact = summariseImpact(
      [
        { workspaceId: 'a', sizeBytes: 10, before: null, after: day(5), isHeld: false },
        { workspaceId: 'a', sizeBytes: 5, before: day(9), after: day(4), isHeld: true },
        { workspaceId: 'b', sizeBytes: 7, before: day(3), after: null, isHeld: true },
      ],
      workspaces,
      'x',
    );
    expect(impact.expiring).toEqual({ videos: 2, bytes: 15 });
    expect(impact.held).toEqual({ videos: 1, bytes: 5 });
    expect(impact.rescued).toEqual({ videos: 1, bytes: 7 });
    expect(impact.firstExpiryAt).toBe(day(4).toISOString());
    expect(impact.byDay).toEqual([
      { day: '2026-03-04', videos: 1, bytes: 5 },
      { day: '2026-03-05', videos: 1, bytes: 10 },
    ]);
    expect(impact.workspaces.map(({ id, videos, isOverQuota }) => [id, videos, isOverQuota])).toEqual([
      ['a', 2, false],
      ['b', 0, true],
    ]);
    expect(impact).toMatchObject({ needsConfirmation: true, needsTyping: false, affectedWorkspaces: 2 });
  });

  test('needs no confirmation when nothing ends earlier', () => {
    const impact = summariseImpact([{ workspaceId: 'b', sizeBytes: 7, before: day(3), after: day(8), isHeld: false }], workspaces, 'x');
    expect(impact.needsConfirmation).toBe(false);
  });

  test('a large one needs typing, and another change or other figures have another fingerprint', () => {
    const many = Array.from({ length: typingThreshold }, () => ({
      workspaceId: 'a',
      sizeBytes: 1,
      before: null,
      after: day(5),
      isHeld: false,
    }));
    const impact = summariseImpact(many, workspaces, 'x');
    expect(impact.needsTyping).toBe(true);
    expect(summariseImpact(many, workspaces, 'x').fingerprint).toBe(impact.fingerprint);
    expect(summariseImpact(many, workspaces, 'y').fingerprint).not.toBe(impact.fingerprint);
    expect(summariseImpact(many.slice(1), workspaces, 'x').fingerprint).not.toBe(impact.fingerprint);
  });
});
