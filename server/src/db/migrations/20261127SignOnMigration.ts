import type { Migration } from './migration.ts';

/** Identity providers, who is known there, and the groups that a directory provisions. */
export const signOn: Migration = {
  name: '20261127-sign-on',
  up: (appRole) => `
    CREATE TABLE identity_providers (
      id uuid PRIMARY KEY,
      -- Everything an administrator wrote down, the client secret among it.
      settings_sealed bytea NOT NULL,
      domains jsonb NOT NULL DEFAULT '[]',
      is_enabled boolean NOT NULL,
      is_enforced boolean NOT NULL,
      is_second_factor_trusted boolean NOT NULL,
      directory_token_hash bytea UNIQUE,
      trial_sealed bytea,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL
    );

    CREATE TABLE identities (
      provider_id uuid NOT NULL REFERENCES identity_providers ON DELETE CASCADE,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      -- Null until the first sign-on of somebody whom a directory made.
      subject_hash bytea,
      -- As the directory calls the person; null for who came by sign-on alone.
      user_name text,
      external_id text,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (provider_id, user_id),
      UNIQUE (provider_id, subject_hash)
    );
    CREATE INDEX identities_user ON identities (user_id);
    CREATE UNIQUE INDEX identities_user_name ON identities (provider_id, lower(user_name));

    CREATE TABLE directory_groups (
      id uuid PRIMARY KEY,
      provider_id uuid NOT NULL REFERENCES identity_providers ON DELETE CASCADE,
      display_name text NOT NULL,
      external_id text,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      UNIQUE (provider_id, id)
    );
    CREATE UNIQUE INDEX directory_groups_name ON directory_groups (provider_id, lower(display_name));

    CREATE TABLE directory_group_members (
      provider_id uuid NOT NULL,
      group_id uuid NOT NULL,
      user_id uuid NOT NULL,
      PRIMARY KEY (group_id, user_id),
      FOREIGN KEY (provider_id, group_id) REFERENCES directory_groups (provider_id, id) ON DELETE CASCADE,
      FOREIGN KEY (provider_id, user_id) REFERENCES identities (provider_id, user_id) ON DELETE CASCADE
    );
    CREATE INDEX directory_group_members_group ON directory_group_members (provider_id, group_id);
    CREATE INDEX directory_group_members_user ON directory_group_members (provider_id, user_id);

    ALTER TABLE users ADD COLUMN is_break_glass boolean NOT NULL DEFAULT false;
    ALTER TABLE sessions ADD COLUMN provider_id uuid REFERENCES identity_providers ON DELETE CASCADE;
    CREATE INDEX sessions_provider ON sessions (provider_id);
    -- A membership that a provider's groups gave; what people gave by hand has none.
    ALTER TABLE members ADD COLUMN provider_id uuid REFERENCES identity_providers ON DELETE SET NULL;
    CREATE INDEX members_provider ON members (provider_id);

    GRANT SELECT, INSERT, UPDATE, DELETE ON identity_providers, identities, directory_groups, directory_group_members TO ${appRole};
  `,
  down: `
    ALTER TABLE members DROP COLUMN provider_id;
    ALTER TABLE sessions DROP COLUMN provider_id;
    ALTER TABLE users DROP COLUMN is_break_glass;
    DROP TABLE directory_group_members, directory_groups, identities, identity_providers;
  `,
};
