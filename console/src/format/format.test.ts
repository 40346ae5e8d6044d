import { describe, expect, it } from 'vitest';
import { en } from '../messages/en.ts';
import { formatBytes } from './formatBytes.ts';
import { formatAgo, formatClock, formatLeft, formatSpan, parseClock } from './formatTime.ts';
import { shownEmail } from './shownEmail.ts';

describe('writing sizes and times', () => {
  it('writes sizes with at most three figures', () => {
    const sizes = [0, 999, 1000, 1234, 12_340, 999_400, 999_600, 734_003_200, 20e9, 3e15];
    expect(sizes.map((size) => formatBytes(size, en))).toEqual([
      '0 bytes',
      '999 bytes',
      '1 KB',
      '1.23 KB',
      '12.3 KB',
      '999 KB',
      '1 MB',
      '734 MB',
      '20 GB',
      '3,000 TB',
    ]);
  });

  it('writes positions like a player does', () => {
    expect([0, 7.9, 65, 3723].map((seconds) => formatClock(seconds))).toEqual(['0:00', '0:07', '1:05', '1:02:03']);
    expect([7.44, 59.96, 3599.99].map((seconds) => formatClock(seconds, true))).toEqual(['0:07.4', '1:00.0', '1:00:00.0']);
    expect(formatClock(Number.NaN)).toBe('0:00');
  });

  it('writes spans coarser as they grow, and never sixty of anything', () => {
    expect([8.4, 59.4, 59.6, 3570, 3599, 3600, 3900].map((seconds) => formatSpan(seconds, en))).toEqual([
      '8 s',
      '59 s',
      '1 min',
      '1 h',
      '1 h',
      '1 h',
      '1 h 5 min',
    ]);
  });

  it('estimates in steps that do not flicker', () => {
    expect([0.2, 11, 14, 58, 61].map((seconds) => formatLeft(seconds, en))).toEqual(['5 s', '15 s', '15 s', '60 s', '1 min']);
  });

  it('writes times relative to now', () => {
    const now = Date.parse('2026-06-01T12:00:00Z');
    const times = ['2026-06-01T11:59:40Z', '2026-06-01T11:57:00Z', '2026-06-01T10:00:00Z', '2026-05-31T12:00:00Z', '2026-06-03T12:00:00Z'];
    expect(times.map((time) => formatAgo(time, now, en))).toEqual(['just now', '3 minutes ago', '2 hours ago', 'yesterday', 'in 2 days']);
  });

  it('hides the stand-in address of an account without email', () => {
    expect(shownEmail('administrator@carmic.invalid')).toBe('');
    expect(shownEmail('ada@example.org')).toBe('ada@example.org');
  });

  it('reads positions as people write them', () => {
    expect(['90', '1:30', ' 1:02:03 ', '0:07,5', '12:40.25'].map(parseClock)).toEqual([90, 90, 3723, 7.5, 760.25]);
    expect(['', 'soon', '1:75', '1:60:00', '-5', '1:2:3:4'].map(parseClock)).toEqual([null, null, null, null, null, null]);
  });
});
