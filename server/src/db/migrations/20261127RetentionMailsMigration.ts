import type { Migration } from './migration.ts';

/** What workspaces were told by mail, so that nobody is told twice. */
export const retentionMails: Migration = {
  name: '20261127-retention-mails',
  up: (appRole) => `
    CREATE TABLE retention_mails (
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      kind text NOT NULL CHECK (kind IN ('expiry', 'erasures', 'quota')),
      day date NOT NULL,
      queued_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, kind, day)
    );
    ALTER TABLE retention_mails ENABLE ROW LEVEL SECURITY;
    ALTER TABLE retention_mails FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON retention_mails
      USING (workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
        OR (SELECT current_setting('carmic.system', true)) = 'on')
      WITH CHECK (workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
        OR (SELECT current_setting('carmic.system', true)) = 'on');
    GRANT SELECT, INSERT, UPDATE, DELETE ON retention_mails TO ${appRole};

    -- When the people of the workspace were told of the receipt; what was done before this migration is not told afterwards.
    ALTER TABLE erasures ADD COLUMN mailed_at timestamptz;
    UPDATE erasures SET mailed_at = finished_at WHERE finished_at IS NOT NULL;
    CREATE INDEX erasures_unmailed ON erasures (finished_at) WHERE finished_at IS NOT NULL AND mailed_at IS NULL AND cause = 'request';`,
  down: `
    DROP INDEX erasures_unmailed;
    ALTER TABLE erasures DROP COLUMN mailed_at;
    DROP TABLE retention_mails;`,
};
