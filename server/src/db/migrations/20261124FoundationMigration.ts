import type { Migration } from './migration.ts';

const tenantTables = [
  'members',
  'videos',
  'uploads',
  'media_tasks',
  'stored_objects',
  'transcripts',
  'clips',
  'renditions',
  'events',
  'idempotency_keys',
] as const;

/** Row-level security, forced: a row is seen in its workspace's transaction or in one that says it is the system's. */
function protect(table: string, column = 'workspace_id'): string {
  const rule = `${column} = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** Users, workspaces, videos and what is made of them, agents and their tasks, events, jobs. */
export const foundation: Migration = {
  name: '20261124-foundation',
  up: (appRole) => `
    CREATE TABLE instance_settings (
      name text PRIMARY KEY,
      value jsonb NOT NULL
    );

    CREATE TABLE users (
      id uuid PRIMARY KEY,
      email text NOT NULL,
      name text NOT NULL,
      password_hash text,
      is_admin boolean NOT NULL DEFAULT false,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX users_email_key ON users (lower(email));

    CREATE TABLE workspaces (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE members (
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (workspace_id, user_id)
    );
    CREATE INDEX members_user ON members (user_id);

    CREATE TABLE sessions (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      token_hash bytea NOT NULL UNIQUE,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_seen_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX sessions_user ON sessions (user_id);
    CREATE INDEX sessions_workspace ON sessions (workspace_id);

    CREATE TABLE sign_in_links (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      token_hash bytea NOT NULL UNIQUE,
      expires_at timestamptz NOT NULL,
      used_at timestamptz
    );
    CREATE INDEX sign_in_links_user ON sign_in_links (user_id);

    CREATE TABLE videos (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      created_by uuid REFERENCES users ON DELETE SET NULL,
      title_sealed bytea NOT NULL,
      file_name_sealed bytea NOT NULL,
      size_bytes bigint NOT NULL,
      state text NOT NULL CHECK (state IN
        ('uploading', 'inspecting', 'transcribing', 'selecting', 'rendering', 'ready', 'failed', 'deleting')),
      stage_times jsonb NOT NULL DEFAULT '{}',
      failure jsonb,
      notices jsonb NOT NULL DEFAULT '[]',
      probe jsonb,
      options jsonb NOT NULL,
      nudges integer NOT NULL DEFAULT 0,
      expires_at timestamptz,
      deleted_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (workspace_id, id)
    );
    CREATE INDEX videos_page ON videos (workspace_id, created_at DESC, id DESC);
    CREATE INDEX videos_created_by ON videos (created_by);
    CREATE INDEX videos_working ON videos (updated_at) WHERE state NOT IN ('ready', 'failed');

    CREATE TABLE uploads (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      object_id uuid NOT NULL,
      storage_upload_id text NOT NULL,
      state text NOT NULL CHECK (state IN ('open', 'completed', 'aborted')),
      size_bytes bigint NOT NULL,
      part_size_bytes bigint NOT NULL,
      part_count integer NOT NULL,
      expires_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX uploads_video ON uploads (workspace_id, video_id);
    CREATE INDEX uploads_open ON uploads (expires_at) WHERE state = 'open';

    CREATE TABLE agents (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      version text NOT NULL,
      token_hash bytea NOT NULL UNIQUE,
      capabilities jsonb NOT NULL,
      last_seen_at timestamptz,
      revoked_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE agent_enrolments (
      id uuid PRIMARY KEY,
      code_hash bytea NOT NULL UNIQUE,
      expires_at timestamptz NOT NULL,
      used_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE media_tasks (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      rendition_id uuid,
      kind text NOT NULL CHECK (kind IN ('inspect', 'transcribe', 'render')),
      state text NOT NULL CHECK (state IN ('queued', 'leased', 'verifying', 'done', 'failed', 'cancelled')),
      priority integer NOT NULL DEFAULT 0,
      attempt integer NOT NULL DEFAULT 0,
      max_attempts integer NOT NULL DEFAULT 3,
      run_after timestamptz NOT NULL DEFAULT now(),
      agent_id uuid REFERENCES agents ON DELETE SET NULL,
      lease_token_hash bytea,
      lease_expires_at timestamptz,
      progress real NOT NULL DEFAULT 0,
      note text,
      result jsonb,
      failure jsonb,
      queued_at timestamptz NOT NULL,
      leased_at timestamptz,
      finished_at timestamptz,
      created_at timestamptz NOT NULL,
      UNIQUE (workspace_id, id),
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX media_tasks_video ON media_tasks (workspace_id, video_id);
    CREATE INDEX media_tasks_agent ON media_tasks (agent_id);
    CREATE INDEX media_tasks_live ON media_tasks (state, kind, run_after) WHERE state IN ('queued', 'leased', 'verifying');
    CREATE UNIQUE INDEX media_tasks_one_of_video ON media_tasks (video_id, kind)
      WHERE rendition_id IS NULL AND state IN ('queued', 'leased', 'verifying');
    CREATE UNIQUE INDEX media_tasks_one_of_rendition ON media_tasks (rendition_id)
      WHERE rendition_id IS NOT NULL AND state IN ('queued', 'leased', 'verifying');

    CREATE TABLE stored_objects (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces,
      video_id uuid,
      task_id uuid,
      attempt integer,
      rendition_id uuid,
      key text NOT NULL UNIQUE,
      kind text NOT NULL,
      state text NOT NULL CHECK (state IN ('pending', 'ready', 'deleting')),
      content_type text NOT NULL,
      size_bytes bigint NOT NULL DEFAULT 0,
      sha256 text,
      expires_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX stored_objects_workspace ON stored_objects (workspace_id);
    CREATE INDEX stored_objects_video ON stored_objects (video_id);
    CREATE INDEX stored_objects_task ON stored_objects (task_id, attempt);
    CREATE INDEX stored_objects_rendition ON stored_objects (rendition_id);
    CREATE INDEX stored_objects_deleting ON stored_objects (created_at) WHERE state = 'deleting';

    CREATE TABLE transcripts (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      language text NOT NULL,
      engine text NOT NULL,
      word_count integer NOT NULL,
      object_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE,
      UNIQUE (video_id, language)
    );
    CREATE INDEX transcripts_video ON transcripts (workspace_id, video_id);

    CREATE TABLE clips (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('suggested', 'kept', 'discarded')),
      rank integer NOT NULL,
      start_seconds double precision NOT NULL,
      end_seconds double precision NOT NULL CHECK (end_seconds > start_seconds),
      score double precision NOT NULL,
      content_sealed bytea NOT NULL,
      edit_version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (workspace_id, id),
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX clips_video ON clips (workspace_id, video_id);

    CREATE TABLE renditions (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      clip_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('queued', 'rendering', 'verifying', 'ready', 'failed', 'cancelled')),
      aspect text NOT NULL,
      caption_style text NOT NULL,
      width integer NOT NULL,
      height integer NOT NULL,
      spec_hash text NOT NULL,
      edit_version integer NOT NULL,
      result jsonb,
      failure jsonb,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      UNIQUE (workspace_id, id),
      FOREIGN KEY (workspace_id, clip_id) REFERENCES clips (workspace_id, id) ON DELETE CASCADE,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX renditions_clip ON renditions (workspace_id, clip_id);
    CREATE INDEX renditions_video ON renditions (workspace_id, video_id);
    CREATE INDEX renditions_working ON renditions (updated_at) WHERE state IN ('queued', 'rendering', 'verifying');
    CREATE UNIQUE INDEX renditions_one_live_spec ON renditions (clip_id, spec_hash)
      WHERE state IN ('queued', 'rendering', 'verifying', 'ready');
    ALTER TABLE media_tasks ADD FOREIGN KEY (workspace_id, rendition_id) REFERENCES renditions (workspace_id, id) ON DELETE CASCADE;

    CREATE TABLE events (
      txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
      id bigint GENERATED ALWAYS AS IDENTITY,
      workspace_id uuid,
      type text NOT NULL,
      video_id uuid,
      subject_id uuid,
      actor_id uuid,
      data jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL,
      PRIMARY KEY (txid, id)
    );
    CREATE INDEX events_workspace ON events (workspace_id, txid, id);
    CREATE TABLE event_cursors (
      reader text PRIMARY KEY,
      txid xid8 NOT NULL,
      id bigint NOT NULL
    );

    CREATE TABLE idempotency_keys (
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      route text NOT NULL,
      key text NOT NULL,
      request_hash bytea NOT NULL,
      status integer,
      reply_sealed bytea,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (workspace_id, route, key)
    );
    CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

    CREATE TABLE agenda_jobs (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      name varchar(255) NOT NULL,
      priority integer NOT NULL DEFAULT 0,
      next_run_at timestamptz,
      type varchar(10) NOT NULL DEFAULT 'normal' CHECK (type IN ('normal', 'single')),
      locked_at timestamptz,
      last_finished_at timestamptz,
      failed_at timestamptz,
      fail_count integer,
      fail_reason text,
      repeat_timezone varchar(100),
      last_run_at timestamptz,
      repeat_interval varchar(255),
      data jsonb DEFAULT '{}',
      repeat_at varchar(255),
      disabled boolean DEFAULT false,
      progress real,
      fork boolean DEFAULT false,
      last_modified_by varchar(255),
      debounce_started_at timestamptz,
      start_date timestamptz,
      end_date timestamptz,
      skip_days jsonb,
      created_at timestamptz DEFAULT now(),
      updated_at timestamptz DEFAULT now()
    );
    CREATE INDEX agenda_jobs_find_and_lock ON agenda_jobs (name, next_run_at, priority DESC, locked_at, disabled) WHERE disabled = false;
    CREATE UNIQUE INDEX agenda_jobs_single ON agenda_jobs (name) WHERE type = 'single';
    CREATE INDEX agenda_jobs_locked_at ON agenda_jobs (locked_at) WHERE locked_at IS NOT NULL;
    CREATE INDEX agenda_jobs_next_run_at ON agenda_jobs (next_run_at) WHERE next_run_at IS NOT NULL;
    CREATE TABLE job_failures (
      job_id uuid PRIMARY KEY,
      name text NOT NULL,
      attempts integer NOT NULL,
      updated_at timestamptz NOT NULL
    );

    ${tenantTables.map((table) => protect(table)).join('\n')}
    ${protect('workspaces', 'id')}

    GRANT USAGE ON SCHEMA public TO ${appRole};
    GRANT SELECT, INSERT, UPDATE, DELETE ON instance_settings, users, workspaces, members, sessions, sign_in_links, videos, uploads,
      agents, agent_enrolments, media_tasks, stored_objects, transcripts, clips, renditions, event_cursors, idempotency_keys,
      agenda_jobs, job_failures TO ${appRole};
    GRANT SELECT, INSERT ON events TO ${appRole};
  `,
  down: `
    DROP TABLE job_failures, agenda_jobs, idempotency_keys, event_cursors, events, media_tasks, renditions, clips, transcripts,
      stored_objects, agent_enrolments, agents, uploads, videos, sign_in_links, sessions, members, workspaces, users,
      instance_settings CASCADE;
  `,
};
