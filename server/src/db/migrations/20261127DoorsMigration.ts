import type { Migration } from './migration.ts';

const tenantTables = ['webhook_endpoints', 'webhook_deliveries'] as const;

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** Outgoing webhooks with their log, and the hash chain of the audit log. */
export const doors: Migration = {
  name: '20261127-doors',
  up: (appRole) => `
    CREATE TABLE webhook_endpoints (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      url_sealed bytea NOT NULL,
      secrets_sealed bytea NOT NULL,
      event_types jsonb NOT NULL DEFAULT '[]',
      is_enabled boolean NOT NULL DEFAULT true,
      disabled_reason text,
      failing_since timestamptz,
      created_by uuid REFERENCES users ON DELETE SET NULL,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX webhook_endpoints_workspace ON webhook_endpoints (workspace_id);
    CREATE INDEX webhook_endpoints_created_by ON webhook_endpoints (created_by);

    CREATE TABLE webhook_deliveries (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      endpoint_id uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
      event_id text NOT NULL,
      type text NOT NULL,
      payload jsonb NOT NULL,
      state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz,
      last_status integer,
      last_error text,
      created_at timestamptz NOT NULL,
      delivered_at timestamptz,
      UNIQUE (endpoint_id, event_id)
    );
    CREATE INDEX webhook_deliveries_workspace ON webhook_deliveries (workspace_id);
    CREATE INDEX webhook_deliveries_log ON webhook_deliveries (endpoint_id, created_at DESC);
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE state = 'pending';

    -- One row for each event, in the order in which the chain took them up; the application can add and neither change nor remove.
    CREATE TABLE audit_chain (
      sequence bigint PRIMARY KEY,
      event_txid xid8 NOT NULL,
      event_id bigint NOT NULL,
      hash bytea NOT NULL,
      UNIQUE (event_txid, event_id)
    );

    -- A reader of events holds its place for a moment without holding a connection, which a pool of one does not have twice.
    ALTER TABLE event_cursors ADD COLUMN claimed_until timestamptz;

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints, webhook_deliveries TO ${appRole};
    GRANT SELECT, INSERT ON audit_chain TO ${appRole};
  `,
  down: `ALTER TABLE event_cursors DROP COLUMN claimed_until;
    DROP TABLE audit_chain, webhook_deliveries, webhook_endpoints;`,
};
