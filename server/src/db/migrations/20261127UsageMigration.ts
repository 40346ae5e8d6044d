import type { Migration } from './migration.ts';

const tenantTables = ['usage_entries', 'usage_months'] as const;

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** The ledger of processing minutes, more limits of plans, notices before content ends, and what compares storage and rows. */
export const usage: Migration = {
  name: '20261127-usage',
  up: (appRole) => `
    -- Limits that a plan written before does not name are none.
    UPDATE plans SET limits = '{"processingMinutes": null, "parallelTasks": null, "framePixels": null}'::jsonb || limits;
    UPDATE plan_versions SET fields = jsonb_set(fields, '{limits}',
      '{"processingMinutes": null, "parallelTasks": null, "framePixels": null}'::jsonb || (fields->'limits'));

    -- Append-only: the application may add and read. Seconds of source video; a month is its first day, UTC, and a settlement counts in the
    -- month of its reservation. The key of an entry makes writing it twice impossible.
    CREATE TABLE usage_entries (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      sequence integer NOT NULL CHECK (sequence > 0),
      kind text NOT NULL CHECK (kind IN ('reserve', 'commit', 'release')),
      seconds integer NOT NULL CHECK (seconds >= 0),
      month date NOT NULL,
      created_at timestamptz NOT NULL,
      UNIQUE (video_id, sequence, kind)
    );
    CREATE INDEX usage_entries_month ON usage_entries (workspace_id, month);
    -- Sums of the entries, by which a limit is held; locked while minutes are reserved.
    CREATE TABLE usage_months (
      workspace_id uuid NOT NULL,
      month date NOT NULL,
      reserved_seconds bigint NOT NULL DEFAULT 0,
      used_seconds bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (workspace_id, month)
    );

    -- The expiry that a notice was given for, so that another expiry is announced anew.
    ALTER TABLE videos ADD COLUMN week_notice_for timestamptz, ADD COLUMN day_notice_for timestamptz;

    CREATE TABLE reconciliations (
      id uuid PRIMARY KEY,
      is_dry_run boolean NOT NULL,
      started_at timestamptz NOT NULL,
      finished_at timestamptz,
      counts jsonb NOT NULL DEFAULT '{}',
      findings jsonb NOT NULL DEFAULT '[]',
      failure text
    );
    CREATE INDEX reconciliations_started ON reconciliations (started_at DESC);

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT ON usage_entries TO ${appRole};
    GRANT SELECT, INSERT, UPDATE ON usage_months TO ${appRole};
    GRANT SELECT, INSERT, UPDATE, DELETE ON reconciliations TO ${appRole};
  `,
  down: `
    DROP TABLE reconciliations, usage_months, usage_entries;
    ALTER TABLE videos DROP COLUMN week_notice_for, DROP COLUMN day_notice_for;
    UPDATE plans SET limits = limits - 'processingMinutes' - 'parallelTasks' - 'framePixels';
    UPDATE plan_versions SET fields = jsonb_set(fields, '{limits}', (fields->'limits') - 'processingMinutes' - 'parallelTasks' - 'framePixels');
  `,
};
