import { tableData, type TableData } from '../../core/dataMap.ts';

/** What the tables of this folder hold. */
export const canaryData: readonly TableData[] = [
  tableData({
    name: 'canary_probes',
    about: 'What the test account of the installation found, step by step; of nobody',
    purpose: 'operation',
    retention: 'installation',
    recipients: ['administrators'],
    subjects: [],
    columns: {
      step: 'state',
      state: 'state',
      started_at: 'state',
      finished_at: 'state',
      subject_id: 'id',
      is_ok: 'state',
      reason: 'state',
      seconds: 'count',
      succeeded_at: 'state',
    },
  }),
];
