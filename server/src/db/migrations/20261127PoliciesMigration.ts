import type { Migration } from './migration.ts';

/** The versions of the privacy policy and of the annex on processing, as they were in force. */
export const policies: Migration = {
  name: '20261127-policies',
  up: (appRole) => `
    CREATE TABLE policy_versions (
      kind text NOT NULL CHECK (kind IN ('privacy', 'processing')),
      version integer NOT NULL,
      fingerprint text NOT NULL,
      content jsonb NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (kind, version)
    );
    GRANT SELECT, INSERT ON policy_versions TO ${appRole};
  `,
  down: 'DROP TABLE policy_versions;',
};
