import type { Migration } from './migration.ts';

/** Archives of a person's data, while they can be fetched. */
export const archives: Migration = {
  name: '20261127-archives',
  up: (appRole) => `
    CREATE TABLE data_archives (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      state text NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'expired')),
      requested_at timestamptz NOT NULL,
      ready_at timestamptz,
      expires_at timestamptz NOT NULL,
      size_bytes bigint,
      entry_count integer,
      token_hash bytea UNIQUE,
      token_expires_at timestamptz,
      downloaded_at timestamptz,
      failure text
    );
    CREATE INDEX data_archives_user ON data_archives (user_id, requested_at DESC);
    CREATE UNIQUE INDEX data_archives_one_at_a_time ON data_archives (user_id) WHERE state = 'making';
    GRANT SELECT, INSERT, UPDATE, DELETE ON data_archives TO ${appRole};
  `,
  down: 'DROP TABLE data_archives;',
};
