import { sealedJson, tableData, type TableData } from '../core/dataMap.ts';

/** What the tables of this folder hold. */
export const httpData: readonly TableData[] = [
  tableData({
    name: 'idempotency_keys',
    about: 'Answers, for requests that are sent twice',
    purpose: 'operation',
    retention: 'day',
    recipients: [],
    subjects: [],
    columns: {
      workspace_id: 'id',
      route: 'state',
      key: 'id',
      request_hash: 'derived',
      status: 'state',
      reply_sealed: sealedJson('derived', 'idempotency_keys.reply', 'workspace_id:route:key'),
      created_at: 'activity',
    },
  }),
];
