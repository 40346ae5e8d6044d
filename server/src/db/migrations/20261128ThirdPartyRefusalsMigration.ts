import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

/** Third parties that a workspace does not allow for itself. */
export const thirdPartyRefusals: Migration = {
  name: '20261128-third-party-refusals',
  up: (appRole) => `
    CREATE TABLE third_party_refusals (
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      party text NOT NULL,
      refused_by uuid REFERENCES users ON DELETE SET NULL,
      refused_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, party)
    );
    CREATE INDEX third_party_refusals_refused_by ON third_party_refusals (refused_by);
    ALTER TABLE third_party_refusals ENABLE ROW LEVEL SECURITY;
    ALTER TABLE third_party_refusals FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON third_party_refusals USING (${rule}) WITH CHECK (${rule});
    GRANT SELECT, INSERT, DELETE ON third_party_refusals TO ${appRole};
  `,
  down: 'DROP TABLE third_party_refusals;',
};
