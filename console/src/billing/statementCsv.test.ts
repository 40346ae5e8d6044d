import type { UsageStatement } from '@carmic/contract';
import { expect, test } from 'vitest';
import { statementCsv } from './statementCsv.ts';

const statement: UsageStatement = {
  month: '2026-11',
  limitMinutes: 600,
  capMinutes: null,
  extraSeconds: 0,
  extraSeatDays: 0,
  usedSeconds: 61,
  reservedSeconds: 0,
  byteDays: 5000,
  byDepartment: [{ departmentId: 'd1', name: 'Sales, north', videoCount: 1, usedSeconds: 61, byteDays: 5000 }],
  lines: [
    {
      videoId: 'v1',
      title: '=HYPERLINK("x")',
      departmentId: 'd1',
      reservedSeconds: 90,
      usedSeconds: 61,
      rerenderedSeconds: 1,
      releasedSeconds: 30,
      byteDays: 5000,
      at: '2026-11-03T10:00:00.000Z',
    },
    {
      videoId: 'v2',
      title: null,
      departmentId: null,
      reservedSeconds: 0,
      usedSeconds: 0,
      rerenderedSeconds: 0,
      releasedSeconds: 0,
      byteDays: -1,
      at: '2026-11-02T10:00:00.000Z',
    },
  ],
};

test('a row per video; commas and quotes are quoted, and a title is never a formula', () => {
  expect(statementCsv(statement).split('\r\n')).toEqual([
    'month,video,title,department,used_seconds,rerendered_seconds,released_seconds,byte_days',
    `2026-11,v1,"'=HYPERLINK(""x"")","Sales, north",61,1,30,5000`,
    '2026-11,v2,,,0,0,0,-1',
    '',
  ]);
});
