import type { Migration } from './migration.ts';

const tenantTables = ['safety_verdicts', 'safety_reviews', 'video_chapters'] as const;

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
const protect = (table: string) => `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;

const states = "'uploading', 'inspecting', 'transcribing', 'selecting', 'rendering', 'ready', 'failed', 'deleting'";

/** Rules of the first version: everything is noted, nothing is held. */
const firstRules = ['self_harm', 'hate', 'sexual', 'dangerous', 'violence', 'profanity', 'harassment', 'pictures'].map((category) => ({
  category,
  threshold: category === 'pictures' ? 0.7 : 0.5,
  video: 'note',
  clip: 'note',
}));

/** Versions of the safety policy, verdicts about videos, cases for people, and stored chapters. */
export const safety: Migration = {
  name: '20261127-safety',
  up: (appRole) => `
    ALTER TABLE videos DROP CONSTRAINT videos_state_check;
    ALTER TABLE videos ADD CONSTRAINT videos_state_check CHECK (state IN (${states}, 'held'));

    CREATE TABLE safety_policies (
      version integer PRIMARY KEY,
      content jsonb NOT NULL,
      note text NOT NULL,
      changed_by uuid REFERENCES users ON DELETE SET NULL,
      changed_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX safety_policies_changed_by ON safety_policies (changed_by);
    INSERT INTO safety_policies (version, content, note)
    VALUES (1, '${JSON.stringify({ rules: firstRules, planRules: [] })}', 'As installed: findings are shown, nothing is held.');

    CREATE TABLE safety_verdicts (
      video_id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      policy_version integer NOT NULL,
      engine text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('clear', 'noted', 'held', 'refused')),
      decision text CHECK (decision IN ('allowed', 'refused')),
      content_sealed bytea NOT NULL,
      checked_at timestamptz NOT NULL,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX safety_verdicts_video ON safety_verdicts (workspace_id, video_id);

    CREATE TABLE safety_reviews (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('hold', 'appeal')),
      state text NOT NULL CHECK (state IN ('open', 'allowed', 'refused')),
      appeal_sealed bytea,
      decision_sealed bytea,
      opened_at timestamptz NOT NULL,
      decided_at timestamptz,
      decided_by uuid REFERENCES users ON DELETE SET NULL,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX safety_reviews_one_open ON safety_reviews (video_id) WHERE state = 'open';
    CREATE INDEX safety_reviews_video ON safety_reviews (workspace_id, video_id);
    CREATE INDEX safety_reviews_queue ON safety_reviews (opened_at, id) WHERE state = 'open';
    CREATE INDEX safety_reviews_decided ON safety_reviews (decided_at DESC, id DESC) WHERE state <> 'open';
    CREATE INDEX safety_reviews_decided_by ON safety_reviews (decided_by);

    CREATE TABLE video_chapters (
      video_id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      content_sealed bytea NOT NULL,
      made_from text NOT NULL,
      updated_at timestamptz NOT NULL,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX video_chapters_video ON video_chapters (workspace_id, video_id);

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON ${tenantTables.join(', ')} TO ${appRole};
    GRANT SELECT, INSERT ON safety_policies TO ${appRole};
  `,
  down: `
    DROP TABLE video_chapters, safety_reviews, safety_verdicts, safety_policies;
    UPDATE videos SET state = 'selecting' WHERE state = 'held';
    ALTER TABLE videos DROP CONSTRAINT videos_state_check;
    ALTER TABLE videos ADD CONSTRAINT videos_state_check CHECK (state IN (${states}));
  `,
};
