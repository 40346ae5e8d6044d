import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

/** What the safety policy and people say of single clips; cases about them; which videos the check of pictures found something in. */
export const clipSafety: Migration = {
  name: '20261127-clip-safety',
  up: (appRole) => `
    CREATE TABLE clip_safety (
      clip_id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      video_id uuid NOT NULL,
      state text NOT NULL CHECK (state IN ('clear', 'held', 'allowed', 'refused')),
      content_sealed bytea NOT NULL,
      updated_at timestamptz NOT NULL,
      FOREIGN KEY (workspace_id, clip_id) REFERENCES clips (workspace_id, id) ON DELETE CASCADE,
      FOREIGN KEY (workspace_id, video_id) REFERENCES videos (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX clip_safety_clip ON clip_safety (workspace_id, clip_id);
    CREATE INDEX clip_safety_video ON clip_safety (workspace_id, video_id);
    ALTER TABLE clip_safety ENABLE ROW LEVEL SECURITY;
    ALTER TABLE clip_safety FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON clip_safety USING (${rule}) WITH CHECK (${rule});
    GRANT SELECT, INSERT, UPDATE, DELETE ON clip_safety TO ${appRole};

    ALTER TABLE safety_reviews ADD COLUMN clip_id uuid;
    ALTER TABLE safety_reviews ADD CONSTRAINT safety_reviews_clip
      FOREIGN KEY (workspace_id, clip_id) REFERENCES clips (workspace_id, id) ON DELETE CASCADE;
    CREATE INDEX safety_reviews_clip ON safety_reviews (workspace_id, clip_id);
    DROP INDEX safety_reviews_one_open;
    CREATE UNIQUE INDEX safety_reviews_one_open ON safety_reviews (video_id) WHERE state = 'open' AND clip_id IS NULL;
    CREATE UNIQUE INDEX safety_reviews_one_open_of_clip ON safety_reviews (clip_id) WHERE state = 'open';
    ALTER TABLE safety_reviews DROP CONSTRAINT safety_reviews_state_check;
    ALTER TABLE safety_reviews ADD CONSTRAINT safety_reviews_state_check CHECK (state IN ('open', 'allowed', 'refused', 'withdrawn'));

    ALTER TABLE safety_verdicts ADD COLUMN has_pictures boolean NOT NULL DEFAULT false;
  `,
  down: `
    ALTER TABLE safety_verdicts DROP COLUMN has_pictures;
    DELETE FROM safety_reviews WHERE clip_id IS NOT NULL OR state = 'withdrawn';
    ALTER TABLE safety_reviews DROP CONSTRAINT safety_reviews_state_check;
    ALTER TABLE safety_reviews ADD CONSTRAINT safety_reviews_state_check CHECK (state IN ('open', 'allowed', 'refused'));
    DROP INDEX safety_reviews_one_open_of_clip;
    DROP INDEX safety_reviews_one_open;
    CREATE UNIQUE INDEX safety_reviews_one_open ON safety_reviews (video_id) WHERE state = 'open';
    ALTER TABLE safety_reviews DROP COLUMN clip_id;
    DROP TABLE clip_safety;
  `,
};
