import { sealedJson, tableData, type TableData } from '../core/dataMap.ts';

/** What the tables of this folder hold. */
export const mailData: readonly TableData[] = [
  tableData({
    name: 'mails',
    about: 'Mails that wait to be sent',
    purpose: 'mail',
    retention: 'expiry',
    recipients: ['smtp', 'administrators'],
    subjects: [],
    columns: {
      id: 'id',
      kind: 'setting',
      content_sealed: sealedJson('contact', 'mails.content'),
      created_at: 'activity',
      expires_at: 'state',
      sent_at: 'state',
    },
  }),
];
