import type { Migration } from './migration.ts';

const tenantTables = ['erasures', 'erasure_items', 'legal_holds'] as const;

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** Deletions as sagas with receipts; rows of removed objects stay until their video's deletion, as its manifest. */
export const erasure: Migration = {
  name: '20261127-erasure',
  up: (appRole) => `
    -- 'removed': its bytes are gone, and the key is remembered until the deletion of the video, which deletes every key ever written.
    ALTER TABLE stored_objects DROP CONSTRAINT stored_objects_state_check;
    ALTER TABLE stored_objects ADD CONSTRAINT stored_objects_state_check CHECK (state IN ('pending', 'ready', 'deleting', 'removed'));

    -- One deletion as somebody asked for it. It names its workspace without a reference: receipts outlive what they speak of.
    CREATE TABLE erasures (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      scope text NOT NULL CHECK (scope IN ('rendition', 'clip', 'video', 'selection', 'workspace')),
      cause text NOT NULL CHECK (cause IN ('request', 'expiry', 'upload_ended', 'backup_restored')),
      requested_by uuid REFERENCES users ON DELETE SET NULL,
      requested_at timestamptz NOT NULL,
      deadline_at timestamptz NOT NULL,
      journaled_at timestamptz,
      clip_ids uuid[] NOT NULL DEFAULT '{}',
      item_count integer NOT NULL,
      done_count integer NOT NULL DEFAULT 0,
      object_count bigint NOT NULL DEFAULT 0,
      alarmed_at timestamptz,
      overdue_at timestamptz,
      finished_at timestamptz,
      receipt text
    );
    CREATE INDEX erasures_page ON erasures (workspace_id, requested_at DESC, id DESC);
    CREATE INDEX erasures_requested_by ON erasures (requested_by);
    CREATE INDEX erasures_open ON erasures (requested_at) WHERE finished_at IS NULL;

    -- One video or rendition of a deletion, with how far it is. No foreign key: neither table's rows are ever deleted, and ten thousand items
    -- are added while somebody waits.
    CREATE TABLE erasure_items (
      id uuid PRIMARY KEY,
      erasure_id uuid NOT NULL,
      workspace_id uuid NOT NULL,
      subject text NOT NULL CHECK (subject IN ('video', 'rendition')),
      subject_id uuid NOT NULL,
      step text NOT NULL DEFAULT 'cancelled' CHECK (step IN ('cancelled', 'deleted', 'purged', 'done')),
      times jsonb NOT NULL,
      quiet_after timestamptz,
      run_after timestamptz NOT NULL,
      claim uuid,
      claimed_until timestamptz,
      tries integer NOT NULL DEFAULT 0,
      last_error text,
      object_count integer NOT NULL DEFAULT 0,
      receipt text
    );
    CREATE INDEX erasure_items_erasure ON erasure_items (erasure_id, id);
    CREATE INDEX erasure_items_open ON erasure_items (run_after) WHERE step <> 'done';

    -- Keeps content of a workspace, or of one of its videos, from every deletion.
    CREATE TABLE legal_holds (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces,
      video_id uuid,
      reason_sealed bytea NOT NULL,
      placed_by uuid REFERENCES users ON DELETE SET NULL,
      placed_at timestamptz NOT NULL,
      ends_at timestamptz,
      released_at timestamptz
    );
    CREATE INDEX legal_holds_workspace ON legal_holds (workspace_id, video_id);
    CREATE INDEX legal_holds_placed_by ON legal_holds (placed_by);

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON erasures, erasure_items, legal_holds TO ${appRole};
  `,
  down: `
    DROP TABLE legal_holds, erasure_items, erasures;
    DELETE FROM stored_objects WHERE state = 'removed';
    ALTER TABLE stored_objects DROP CONSTRAINT stored_objects_state_check;
    ALTER TABLE stored_objects ADD CONSTRAINT stored_objects_state_check CHECK (state IN ('pending', 'ready', 'deleting'));
  `,
};
