import { expect, test } from 'vitest';
import { statementRow } from './statementFile.ts';

const line = {
  videoId: 'v1',
  title: '=HYPERLINK("x")',
  departmentId: 'd1',
  department: 'Sales, north',
  reservedSeconds: 90,
  usedSeconds: 61,
  rerenderedSeconds: 1,
  releasedSeconds: 30,
  byteDays: 5000,
  at: '2026-11-03T10:00:00.000Z',
};

test('a row per video; commas and quotes are quoted, and a title is never a formula', () => {
  expect(statementRow('2026-11', line)).toBe(`2026-11,v1,"'=HYPERLINK(""x"")","Sales, north",61,1,30,5000\r\n`);
  expect(statementRow('2026-11', { ...line, title: null, department: null, byteDays: -1 })).toBe('2026-11,v1,,,61,1,30,-1\r\n');
});
