import type { Migration } from './migration.ts';

const tenantTables = ['transcript_edits', 'glossary_terms', 'search_segments', 'translations', 'engine_usage'] as const;

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
const protect = (table: string) => `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;

/** Corrected words, glossary, the blind search index, translated caption tracks, and which engine does what. */
export const speech: Migration = {
  name: '20261127-speech',
  up: (appRole) => `
    CREATE TABLE transcript_edits (
      video_id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      version integer NOT NULL,
      content_sealed bytea NOT NULL,
      updated_by uuid,
      updated_at timestamptz NOT NULL,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX transcript_edits_video ON transcript_edits (workspace_id, video_id);

    CREATE TABLE glossary_terms (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      term_token bigint NOT NULL,
      content_sealed bytea NOT NULL,
      origin text NOT NULL CHECK (origin IN ('person', 'correction')),
      created_at timestamptz NOT NULL,
      UNIQUE (workspace_id, term_token)
    );

    CREATE TABLE search_segments (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('words', 'title', 'clip')),
      start_seconds double precision NOT NULL,
      language text NOT NULL,
      tokens bigint[] NOT NULL,
      content_sealed bytea NOT NULL,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX search_segments_video ON search_segments (workspace_id, video_id);
    CREATE INDEX search_segments_tokens ON search_segments USING gin (tokens);

    CREATE TABLE translations (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      language text NOT NULL,
      state text NOT NULL CHECK (state IN ('queued', 'translating', 'draft', 'approved', 'failed')),
      engine text,
      version integer NOT NULL DEFAULT 0,
      transcript_version integer NOT NULL DEFAULT 0,
      line_count integer NOT NULL DEFAULT 0,
      flagged_count integer NOT NULL DEFAULT 0,
      content_sealed bytea,
      failure text,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      UNIQUE (video_id, language),
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX translations_video ON translations (workspace_id, video_id);
    CREATE INDEX translations_working ON translations (updated_at) WHERE state IN ('queued', 'translating');
    ALTER TABLE renditions ADD COLUMN caption_language text;

    CREATE TABLE engine_usage (
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      kind text NOT NULL,
      engine text NOT NULL,
      day date NOT NULL,
      calls integer NOT NULL DEFAULT 0,
      failed_calls integer NOT NULL DEFAULT 0,
      seconds double precision NOT NULL DEFAULT 0,
      characters bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (workspace_id, kind, engine, day)
    );
    ALTER TABLE workspaces ADD COLUMN engine_orders jsonb NOT NULL DEFAULT '{}';

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${tenantTables.join(', ')} TO ${appRole};
  `,
  down: `
    ALTER TABLE workspaces DROP COLUMN engine_orders;
    ALTER TABLE renditions DROP COLUMN caption_language;
    DROP TABLE engine_usage, translations, search_segments, glossary_terms, transcript_edits;
  `,
};
