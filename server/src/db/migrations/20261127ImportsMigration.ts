import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

/** Videos that the server fetches from an address, and finding a source with the same bytes within a workspace. */
export const imports: Migration = {
  name: '20261127-imports',
  up: (appRole) => `
    CREATE TABLE video_imports (
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      object_id uuid NOT NULL,
      url_sealed bytea NOT NULL,
      state text NOT NULL CHECK (state IN ('open', 'done', 'failed')),
      attempts integer NOT NULL DEFAULT 0,
      claimed_until timestamptz,
      received_bytes bigint NOT NULL DEFAULT 0,
      total_bytes bigint,
      note text,
      expires_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, video_id),
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX video_imports_open ON video_imports (created_at) WHERE state = 'open';
    ALTER TABLE video_imports ENABLE ROW LEVEL SECURITY;
    ALTER TABLE video_imports FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON video_imports USING (${rule}) WITH CHECK (${rule});
    GRANT SELECT, INSERT, UPDATE, DELETE ON video_imports TO ${appRole};

    CREATE INDEX stored_objects_same_source ON stored_objects (workspace_id, sha256) WHERE kind = 'source' AND state = 'ready';
  `,
  down: `DROP INDEX stored_objects_same_source;
    DROP TABLE video_imports;`,
};
