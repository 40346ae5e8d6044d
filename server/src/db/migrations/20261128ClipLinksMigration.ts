import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

const protect = (table: string) => `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;

/** Links to clips for people without an account, and what these people say. Both end with the clip. */
export const clipLinks: Migration = {
  name: '20261128-clip-links',
  up: (appRole) => `
    CREATE TABLE clip_links (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      clip_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('view', 'review')),
      token_hash bytea NOT NULL UNIQUE,
      password_hash text,
      can_download boolean NOT NULL,
      created_by uuid REFERENCES users ON DELETE SET NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      UNIQUE (workspace_id, id),
      FOREIGN KEY (workspace_id, clip_id) REFERENCES clips (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX clip_links_clip ON clip_links (workspace_id, clip_id);
    CREATE INDEX clip_links_created_by ON clip_links (created_by);

    CREATE TABLE clip_comments (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      clip_id uuid NOT NULL,
      link_id uuid,
      kind text NOT NULL CHECK (kind IN ('comment', 'approved', 'changes_requested')),
      at_seconds double precision CHECK (at_seconds >= 0),
      name_sealed bytea NOT NULL,
      text_sealed bytea NOT NULL,
      edit_version integer NOT NULL,
      is_done boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL,
      FOREIGN KEY (workspace_id, clip_id) REFERENCES clips (workspace_id, id) ON DELETE CASCADE,
      FOREIGN KEY (workspace_id, link_id) REFERENCES clip_links (workspace_id, id) ON DELETE SET NULL (link_id)
    );
    CREATE INDEX clip_comments_clip ON clip_comments (workspace_id, clip_id, created_at);
    CREATE INDEX clip_comments_link ON clip_comments (workspace_id, link_id);
    ${['clip_links', 'clip_comments'].map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON clip_links, clip_comments TO ${appRole};
  `,
  down: 'DROP TABLE clip_comments, clip_links;',
};
