import { tableData, type TableData } from '../core/dataMap.ts';

/** What the tables of this folder hold. */
export const eventsData: readonly TableData[] = [
  tableData({
    name: 'events',
    about: 'What happened, the source of the audit log',
    purpose: 'audit',
    retention: 'installation',
    recipients: ['members', 'administrators'],
    subjects: [{ of: 'person', column: 'actor_id' }],
    columns: {
      txid: 'id',
      id: 'id',
      workspace_id: 'id',
      type: 'activity',
      video_id: 'id',
      subject_id: 'id',
      actor_id: 'person',
      data: 'activity',
      created_at: 'activity',
    },
  }),
  tableData({
    name: 'event_cursors',
    about: 'How far readers of events are',
    purpose: 'operation',
    retention: 'installation',
    recipients: [],
    subjects: [],
    columns: {
      reader: 'state',
      txid: 'id',
      id: 'id',
      claimed_until: 'state',
    },
  }),
];
