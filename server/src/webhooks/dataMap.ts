import { sealedJson, sealedText, tableData, type TableData } from '../core/dataMap.ts';

/** What the tables of this folder hold. */
export const webhooksData: readonly TableData[] = [
  tableData({
    name: 'webhook_endpoints',
    about: 'Addresses that a workspace wants told',
    purpose: 'integration',
    retention: 'workspace',
    recipients: ['members'],
    subjects: [
      { of: 'workspace', column: 'workspace_id' },
      { of: 'person', column: 'created_by' },
    ],
    columns: {
      id: 'id',
      workspace_id: 'id',
      url_sealed: sealedText('setting', 'webhook_endpoints.url'),
      secrets_sealed: sealedJson('credential', 'webhook_endpoints.secrets'),
      event_types: 'setting',
      is_enabled: 'setting',
      disabled_reason: 'state',
      failing_since: 'state',
      created_by: 'person',
      created_at: 'activity',
    },
  }),
  tableData({
    name: 'webhook_deliveries',
    about: 'Messages to them, with their log',
    purpose: 'integration',
    retention: 'month',
    recipients: ['members', 'webhook'],
    subjects: [{ of: 'workspace', column: 'workspace_id' }],
    columns: {
      id: 'id',
      workspace_id: 'id',
      endpoint_id: 'id',
      event_id: 'id',
      type: 'state',
      payload: 'activity',
      state: 'state',
      attempts: 'state',
      next_attempt_at: 'state',
      last_status: 'state',
      last_error: 'state',
      created_at: 'activity',
      delivered_at: 'state',
    },
  }),
];
