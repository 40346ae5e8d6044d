import { type TableData, tableData } from '../../core/dataMap.ts';

const band = {
  encoder: 'setting',
  resolution: 'setting',
  frame_rate: 'setting',
  duration: 'setting',
  preset: 'setting',
  rate: 'setting',
  bits_per_pixel: 'count',
  score: 'count',
} as const;

/** What the tables of this folder hold. */
export const tuningData: readonly TableData[] = [
  tableData({
    name: 'encoding_reports',
    about: 'How clips of today were encoded, until they are anonymous figures',
    purpose: 'statistics',
    retention: 'day',
    recipients: [],
    subjects: [{ of: 'person', column: 'user_id' }],
    columns: { workspace_id: 'id', user_id: 'person', day: 'activity', ...band, created_at: 'activity' },
  }),
  tableData({
    name: 'encoding_statistics',
    about: 'Anonymous figures of encodes, by day and kind of clip',
    purpose: 'statistics',
    retention: 'installation',
    recipients: ['administrators'],
    subjects: [],
    columns: { day: 'count', ...band, contributors: 'count', deviation: 'count' },
  }),
  tableData({
    name: 'encoding_releases',
    about: 'Days whose figures were released',
    purpose: 'statistics',
    retention: 'installation',
    recipients: ['administrators'],
    subjects: [],
    columns: { day: 'count', released_at: 'state', minimum_group: 'setting' },
  }),
];
