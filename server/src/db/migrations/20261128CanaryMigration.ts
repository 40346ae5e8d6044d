import type { Migration } from './migration.ts';

/** The mark of the canary's workspace, and what the canary found: one row for each step, of the last run. */
export const canary: Migration = {
  name: '20261128-canary',
  up: (appRole) => `
    ALTER TABLE workspaces ADD COLUMN is_canary boolean NOT NULL DEFAULT false;
    CREATE UNIQUE INDEX workspaces_canary ON workspaces (is_canary) WHERE is_canary AND deleted_at IS NULL;

    CREATE TABLE canary_probes (
      step text PRIMARY KEY CHECK (step IN ('upload', 'processing', 'export', 'deletion', 'expiry')),
      state text NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed', 'skipped')),
      started_at timestamptz,
      finished_at timestamptz,
      -- What the step works on: a video, an archive, a deletion.
      subject_id uuid,
      -- Of the last run that ended; null where the step was left out.
      is_ok boolean,
      reason text,
      -- Of the last success.
      seconds double precision,
      succeeded_at timestamptz
    );
    GRANT SELECT, INSERT, UPDATE, DELETE ON canary_probes TO ${appRole};
  `,
  down: `
    DROP TABLE canary_probes;
    DROP INDEX workspaces_canary;
    ALTER TABLE workspaces DROP COLUMN is_canary;
  `,
};
