import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

/** Versions of a clip's edit list, and what was chosen for a rendition's captions. The first version has a row once there is a second. */
export const clipEdits: Migration = {
  name: '20261127-clip-edits',
  up: (appRole) => `
    CREATE TABLE clip_edits (
      workspace_id uuid NOT NULL,
      clip_id uuid NOT NULL,
      version integer NOT NULL CHECK (version > 0),
      kind text NOT NULL CHECK (kind IN ('suggested', 'tightened', 'segments')),
      segments jsonb NOT NULL,
      removed jsonb,
      created_by uuid REFERENCES users ON DELETE SET NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (clip_id, version),
      FOREIGN KEY (workspace_id, clip_id) REFERENCES clips (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX clip_edits_clip ON clip_edits (workspace_id, clip_id);
    CREATE INDEX clip_edits_created_by ON clip_edits (created_by);
    ALTER TABLE clip_edits ENABLE ROW LEVEL SECURITY;
    ALTER TABLE clip_edits FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON clip_edits USING (${rule}) WITH CHECK (${rule});
    ALTER TABLE renditions ADD COLUMN caption_options jsonb NOT NULL DEFAULT '{}';
    GRANT SELECT, INSERT, UPDATE, DELETE ON clip_edits TO ${appRole};
  `,
  down: `
    ALTER TABLE renditions DROP COLUMN caption_options;
    DROP TABLE clip_edits;
  `,
};
