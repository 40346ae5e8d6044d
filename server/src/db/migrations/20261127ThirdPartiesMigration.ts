import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

/** Which third parties are in use since when, and the ledger of what was sent to them. */
export const thirdParties: Migration = {
  name: '20261127-third-parties',
  up: (appRole) => `
    CREATE TABLE third_parties (
      party text PRIMARY KEY,
      origin text NOT NULL,
      is_off boolean NOT NULL DEFAULT false,
      -- When the environment named it first, and from when on it may be called.
      announced_at timestamptz NOT NULL,
      effective_at timestamptz NOT NULL,
      removed_at timestamptz
    );
    -- Calls that are alike are one line a minute. Without a workspace: of the installation itself.
    CREATE TABLE egress_ledger (
      minute timestamptz NOT NULL,
      party text NOT NULL,
      host text NOT NULL,
      workspace_id uuid,
      video_id uuid,
      outcome text NOT NULL,
      opt_out text,
      calls integer NOT NULL,
      sent_bytes bigint NOT NULL
    );
    CREATE UNIQUE INDEX egress_ledger_line ON egress_ledger (minute, party, host, workspace_id, video_id, outcome, opt_out) NULLS NOT DISTINCT;
    CREATE INDEX egress_ledger_workspace ON egress_ledger (workspace_id, minute);
    ALTER TABLE egress_ledger ENABLE ROW LEVEL SECURITY;
    ALTER TABLE egress_ledger FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON egress_ledger USING (${rule}) WITH CHECK (${rule});
    GRANT SELECT, INSERT, UPDATE, DELETE ON third_parties, egress_ledger TO ${appRole};
  `,
  down: 'DROP TABLE egress_ledger, third_parties;',
};
