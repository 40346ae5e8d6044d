import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;

const settings =
  'encoder text NOT NULL, resolution text NOT NULL, frame_rate text NOT NULL, duration text NOT NULL, preset text NOT NULL, rate smallint NOT NULL';

/** Reports of encodes, which live less than a day, and the anonymous figures that are made of them once. */
export const encodingStatistics: Migration = {
  name: '20261128-encoding-statistics',
  up: (appRole) => `
    CREATE TABLE encoding_reports (
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      -- Whose video it was, so that an objection takes what is there of today along.
      user_id uuid REFERENCES users ON DELETE CASCADE,
      day date NOT NULL,
      ${settings},
      score real NOT NULL,
      bits_per_pixel real NOT NULL,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX encoding_reports_day ON encoding_reports (day);
    CREATE INDEX encoding_reports_age ON encoding_reports (created_at);
    CREATE INDEX encoding_reports_workspace ON encoding_reports (workspace_id);
    CREATE INDEX encoding_reports_user ON encoding_reports (user_id);
    ALTER TABLE encoding_reports ENABLE ROW LEVEL SECURITY;
    ALTER TABLE encoding_reports FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON encoding_reports USING (${rule}) WITH CHECK (${rule});

    CREATE TABLE encoding_releases (
      day date PRIMARY KEY,
      released_at timestamptz NOT NULL,
      minimum_group integer NOT NULL
    );
    CREATE TABLE encoding_statistics (
      day date NOT NULL REFERENCES encoding_releases,
      ${settings},
      contributors integer NOT NULL CHECK (contributors >= 5),
      score real NOT NULL,
      deviation real NOT NULL,
      bits_per_pixel real NOT NULL,
      PRIMARY KEY (day, encoder, resolution, frame_rate, duration, preset, rate)
    );
    CREATE INDEX encoding_statistics_band ON encoding_statistics (encoder, resolution, day);

    GRANT SELECT, INSERT, DELETE ON encoding_reports TO ${appRole};
    -- What was released is never changed: nobody could compare two releases of a day. It is deleted where the smallest group is raised.
    GRANT SELECT, INSERT ON encoding_releases TO ${appRole};
    GRANT SELECT, INSERT, DELETE ON encoding_statistics TO ${appRole};
  `,
  down: 'DROP TABLE encoding_statistics, encoding_releases, encoding_reports;',
};
