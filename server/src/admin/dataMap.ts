import { tableData, type TableData } from '../core/dataMap.ts';

/** What the tables of this folder hold. */
export const adminData: readonly TableData[] = [
  tableData({
    name: 'audit_chain',
    about: 'Hashes of events, each over the one before',
    purpose: 'audit',
    retention: 'installation',
    recipients: ['administrators'],
    subjects: [],
    columns: {
      sequence: 'count',
      event_txid: 'id',
      event_id: 'id',
      hash: 'derived',
    },
  }),
];
