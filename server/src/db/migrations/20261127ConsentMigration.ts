import type { Migration } from './migration.ts';

/** Choices of mail, the log of consents with the wordings that were shown, addresses that refuse mail, and announcements. */
export const consent: Migration = {
  name: '20261127-consent',
  up: (appRole) => `
    ALTER TABLE users ADD COLUMN mail_language text NOT NULL DEFAULT 'en' CHECK (mail_language IN ('en', 'de'));

    -- A mail of a person goes with the person, also while it waits.
    ALTER TABLE mails
      ADD COLUMN category text NOT NULL DEFAULT 'account',
      ADD COLUMN user_id uuid REFERENCES users ON DELETE CASCADE,
      ADD COLUMN address_blind bigint;
    CREATE INDEX mails_user ON mails (user_id);

    CREATE TABLE mail_choices (
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      category text NOT NULL,
      state text NOT NULL CHECK (state IN ('on', 'off', 'pending')),
      changed_at timestamptz NOT NULL,
      PRIMARY KEY (user_id, category)
    );
    CREATE INDEX mail_choices_category ON mail_choices (category, user_id) WHERE state = 'on';

    -- What was said when somebody chose; named by its content, so that a wording never changes.
    CREATE TABLE consent_wordings (
      id text PRIMARY KEY,
      language text NOT NULL,
      text text NOT NULL,
      first_used_at timestamptz NOT NULL
    );
    -- Append-only: the application may add and read; rows go with their person.
    CREATE TABLE consent_log (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      category text NOT NULL,
      state text NOT NULL CHECK (state IN ('on', 'off', 'pending')),
      source text NOT NULL,
      wording_id text REFERENCES consent_wordings,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX consent_log_user ON consent_log (user_id, created_at);
    CREATE INDEX consent_log_wording ON consent_log (wording_id);

    -- Addresses only as keyed hashes: who has no account here is not kept by name.
    CREATE TABLE mail_addresses (
      address_blind bigint PRIMARY KEY,
      bounces integer NOT NULL DEFAULT 0,
      complaints integer NOT NULL DEFAULT 0,
      is_blocked boolean NOT NULL DEFAULT false,
      changed_at timestamptz NOT NULL
    );

    CREATE TABLE announcements (
      id uuid PRIMARY KEY,
      category text NOT NULL,
      content jsonb NOT NULL,
      created_by uuid REFERENCES users ON DELETE SET NULL,
      created_at timestamptz NOT NULL,
      last_user_id uuid,
      recipients integer NOT NULL DEFAULT 0,
      finished_at timestamptz
    );
    CREATE INDEX announcements_creator ON announcements (created_by);

    GRANT SELECT, INSERT, UPDATE, DELETE ON mail_choices, mail_addresses, announcements TO ${appRole};
    GRANT SELECT, INSERT ON consent_wordings, consent_log TO ${appRole};
  `,
  down: `
    DROP TABLE announcements, mail_addresses, consent_log, consent_wordings, mail_choices;
    ALTER TABLE mails DROP COLUMN category, DROP COLUMN user_id, DROP COLUMN address_blind;
    ALTER TABLE users DROP COLUMN mail_language;
  `,
};
