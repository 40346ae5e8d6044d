import { tableData, type TableData } from '../../core/dataMap.ts';

/** What the tables of this folder hold. */
export const thirdPartyData: readonly TableData[] = [
  tableData({
    name: 'third_parties',
    about: 'Which third parties are in use since when',
    purpose: 'rights',
    retention: 'installation',
    recipients: ['administrators'],
    subjects: [],
    columns: {
      party: 'id',
      origin: 'setting',
      is_off: 'setting',
      announced_at: 'state',
      effective_at: 'state',
      removed_at: 'state',
    },
  }),
  tableData({
    name: 'third_party_refusals',
    about: 'Third parties that a workspace does not allow for itself',
    purpose: 'rights',
    retention: 'workspace',
    recipients: ['members', 'administrators'],
    subjects: [
      { of: 'workspace', column: 'workspace_id' },
      { of: 'person', column: 'refused_by' },
    ],
    columns: { workspace_id: 'id', party: 'setting', refused_by: 'person', refused_at: 'activity' },
  }),
  tableData({
    name: 'egress_ledger',
    about:
      'What was sent to third parties, the mail server and identity providers: when, to whom, how much, with which opt-out, for which workspace',
    purpose: 'rights',
    retention: 'month',
    recipients: ['members', 'administrators'],
    subjects: [{ of: 'workspace', column: 'workspace_id' }],
    columns: {
      minute: 'activity',
      party: 'state',
      host: 'state',
      workspace_id: 'id',
      video_id: 'id',
      outcome: 'state',
      opt_out: 'setting',
      calls: 'count',
      sent_bytes: 'count',
    },
  }),
  tableData({
    name: 'policy_versions',
    about: 'The privacy policy and the annex on processing, version by version',
    purpose: 'rights',
    retention: 'installation',
    recipients: ['administrators'],
    subjects: [],
    columns: { kind: 'id', version: 'id', fingerprint: 'derived', content: 'setting', created_at: 'state' },
  }),
];
