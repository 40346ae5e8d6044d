import type { Migration } from './migration.ts';

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** Limits that a workspace sets for itself, and minutes beyond the plan on their way to Stripe's meter. */
export const budgets: Migration = {
  name: '20261127-budgets',
  up: (appRole) => `
    CREATE TABLE usage_budgets (
      workspace_id uuid PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
      alert_minutes integer CHECK (alert_minutes > 0),
      cap_minutes integer CHECK (cap_minutes > 0),
      -- The month an alert was given for, and the one whose mail was written.
      alerted_month date,
      mailed_month date
    );
    ALTER TABLE usage_entries ADD CONSTRAINT usage_entries_of_workspace UNIQUE (workspace_id, id);
    -- The part of a commit that was beyond the plan; its entry's number is the identifier at Stripe, so that nothing is counted twice.
    CREATE TABLE meter_events (
      entry_id bigint PRIMARY KEY,
      workspace_id uuid NOT NULL,
      seconds integer NOT NULL CHECK (seconds > 0),
      happened_at timestamptz NOT NULL,
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz NOT NULL,
      sent_at timestamptz,
      failure text,
      FOREIGN KEY (workspace_id, entry_id) REFERENCES usage_entries (workspace_id, id)
    );
    CREATE INDEX meter_events_due ON meter_events (next_attempt_at) WHERE sent_at IS NULL;
    CREATE INDEX meter_events_workspace ON meter_events (workspace_id, happened_at);
    ${['usage_budgets', 'meter_events'].map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON usage_budgets TO ${appRole};
    GRANT SELECT, INSERT, UPDATE ON meter_events TO ${appRole};
  `,
  down: `
    DROP TABLE meter_events, usage_budgets;
    ALTER TABLE usage_entries DROP CONSTRAINT usage_entries_of_workspace;
  `,
};
