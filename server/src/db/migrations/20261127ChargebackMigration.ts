import type { Migration } from './migration.ts';

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** Triggers that write the ledger of storage at the end of each statement on `stored_objects`; the counter beside it has triggers of its own. */
const writers = [
  { event: 'INSERT', tables: 'NEW TABLE AS added', change: 'SELECT workspace_id, video_id, size_bytes AS bytes FROM added' },
  { event: 'DELETE', tables: 'OLD TABLE AS removed', change: 'SELECT workspace_id, video_id, -size_bytes AS bytes FROM removed' },
  {
    event: 'UPDATE',
    tables: 'OLD TABLE AS removed NEW TABLE AS added',
    change: `SELECT workspace_id, video_id, size_bytes AS bytes FROM added
            UNION ALL SELECT workspace_id, video_id, -size_bytes FROM removed`,
  },
].map(({ event, tables, change }) => {
  const name = `enter_stored_${event.toLowerCase()}`;
  return {
    up: `
    CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at)
          SELECT workspace_id, video_id, 'change', sum(bytes), clock_timestamp() FROM (
            ${change}) c
          GROUP BY workspace_id, video_id HAVING sum(bytes) <> 0 ORDER BY workspace_id, video_id;
        RETURN NULL;
      END $$;
    CREATE TRIGGER stored_objects_${name} AFTER ${event} ON stored_objects
      REFERENCING ${tables} FOR EACH STATEMENT EXECUTE FUNCTION ${name}();`,
    down: `
    DROP TRIGGER stored_objects_${name} ON stored_objects;
    DROP FUNCTION ${name};`,
  };
});

const before = '["brandKits", "webhooks", "apiKeys", "translations"]';
const after = '["brandKits", "webhooks", "apiKeys", "translations", "freeRerenders"]';

/**
 * What is charged back inside a company: a ledger of storage, departments, renderings that a plan counts; and what is bought by use beside
 * minutes: seats. Payments that were given back or are disputed.
 */
export const chargeback: Migration = {
  name: '20261127-chargeback',
  up: (appRole) => `
    -- Append-only: the application may add and read. Each change of what a video occupies, at the end of the statement that made it, so that
    -- the sum of a video's entries is the size of its rows in stored_objects. Objects of no video (brand kits) have no video here either.
    CREATE TABLE storage_entries (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid,
      kind text NOT NULL CHECK (kind IN ('change', 'correction')),
      bytes bigint NOT NULL CHECK (bytes <> 0),
      created_at timestamptz NOT NULL
    );
    CREATE INDEX storage_entries_workspace ON storage_entries (workspace_id, created_at);
    -- What is there already began when it was made; what was deleted before the ledger began is not in it.
    INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at)
      SELECT workspace_id, video_id, 'change', sum(size_bytes), created_at FROM stored_objects
      GROUP BY workspace_id, video_id, created_at HAVING sum(size_bytes) <> 0;
    ${writers.map(({ up }) => up).join('\n')}

    -- Renderings after the first one, where a plan counts them.
    ALTER TABLE usage_entries ADD COLUMN rendition_id uuid;
    CREATE INDEX usage_entries_rendition ON usage_entries (rendition_id) WHERE rendition_id IS NOT NULL;
    ALTER TABLE plans ALTER COLUMN features SET DEFAULT '${after}';
    UPDATE plans SET features = features || '["freeRerenders"]'::jsonb;
    UPDATE plan_versions SET fields = jsonb_set(fields, '{features}', (fields -> 'features') || '["freeRerenders"]'::jsonb) WHERE fields ? 'features';
    UPDATE workspaces SET overrides = jsonb_set(overrides, '{features}', (overrides -> 'features') || '["freeRerenders"]'::jsonb)
      WHERE overrides ? 'features';

    -- To whom a workspace charges its work. The name of one that is archived stays readable in statements.
    CREATE TABLE departments (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      name text NOT NULL,
      is_default boolean NOT NULL DEFAULT false,
      archived_at timestamptz,
      created_at timestamptz NOT NULL,
      UNIQUE (workspace_id, id)
    );
    CREATE UNIQUE INDEX departments_name ON departments (workspace_id, lower(name)) WHERE archived_at IS NULL;
    CREATE UNIQUE INDEX departments_one_default ON departments (workspace_id) WHERE is_default AND archived_at IS NULL;
    -- Outlives its video, as the entries of the ledgers do.
    CREATE TABLE video_departments (
      video_id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      department_id uuid NOT NULL,
      FOREIGN KEY (workspace_id, department_id) REFERENCES departments (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX video_departments_department ON video_departments (workspace_id, department_id);

    -- People beyond those of the plan, by UTC day, on their way to Stripe's meter.
    CREATE TABLE seat_days (
      workspace_id uuid NOT NULL,
      day date NOT NULL,
      seats integer NOT NULL CHECK (seats >= 0),
      extra integer NOT NULL CHECK (extra >= 0 AND extra <= seats),
      attempts integer NOT NULL DEFAULT 0,
      next_attempt_at timestamptz NOT NULL,
      sent_at timestamptz,
      failure text,
      PRIMARY KEY (workspace_id, day)
    );
    CREATE INDEX seat_days_due ON seat_days (next_attempt_at) WHERE sent_at IS NULL AND extra > 0;
    ALTER TABLE plan_prices ADD COLUMN meter text CHECK (meter IN ('minutes', 'seats'));
    UPDATE plan_prices SET meter = 'minutes' WHERE is_metered;
    ALTER TABLE billing_accounts ADD COLUMN has_extra_seats boolean NOT NULL DEFAULT false,
      ADD COLUMN payment_attempts integer NOT NULL DEFAULT 0,
      ADD COLUMN next_attempt_at timestamptz;

    -- Payments that were given back or are disputed, as Stripe had them last.
    CREATE TABLE billing_incidents (
      id text PRIMARY KEY,
      is_live boolean NOT NULL,
      kind text NOT NULL CHECK (kind IN ('refund', 'dispute')),
      workspace_id uuid,
      customer_id text,
      status text NOT NULL,
      reason text,
      amount bigint NOT NULL,
      currency text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
      due_at timestamptz,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );
    CREATE INDEX billing_incidents_created ON billing_incidents (created_at DESC);
    CREATE INDEX billing_incidents_workspace ON billing_incidents (workspace_id);

    ${['storage_entries', 'departments', 'video_departments', 'seat_days', 'billing_incidents'].map(protect).join('\n')}
    GRANT SELECT, INSERT ON storage_entries TO ${appRole};
    GRANT SELECT, INSERT, UPDATE, DELETE ON departments, video_departments, billing_incidents TO ${appRole};
    GRANT SELECT, INSERT, UPDATE ON seat_days TO ${appRole};
  `,
  down: `
    DROP TABLE billing_incidents, seat_days, video_departments, departments;
    ALTER TABLE billing_accounts DROP COLUMN has_extra_seats, DROP COLUMN payment_attempts, DROP COLUMN next_attempt_at;
    ALTER TABLE plan_prices DROP COLUMN meter;
    UPDATE workspaces SET overrides = jsonb_set(overrides, '{features}', (overrides -> 'features') - 'freeRerenders') WHERE overrides ? 'features';
    UPDATE plan_versions SET fields = jsonb_set(fields, '{features}', (fields -> 'features') - 'freeRerenders') WHERE fields ? 'features';
    UPDATE plans SET features = features - 'freeRerenders';
    ALTER TABLE plans ALTER COLUMN features SET DEFAULT '${before}';
    DROP INDEX usage_entries_rendition;
    ALTER TABLE usage_entries DROP COLUMN rendition_id;
    ${writers.map(({ down }) => down).join('\n')}
    DROP TABLE storage_entries;
  `,
};
