import type { Migration } from './migration.ts';

/** What people asked for concerning their data, and which processing is stopped for them. */
export const personalRights: Migration = {
  name: '20261127-personal-rights',
  up: (appRole) => `
    CREATE TABLE person_rights (
      user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
      restricted_at timestamptz,
      statistics_objected_at timestamptz,
      marketing_objected_at timestamptz
    );

    -- Requests outlive the account that they erase: of the person only the number is left then.
    CREATE TABLE privacy_requests (
      id uuid PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('access', 'rectification', 'restriction', 'objection', 'erasure', 'human_decision')),
      channel text NOT NULL CHECK (channel IN ('console', 'mail')),
      state text NOT NULL CHECK (state IN ('open', 'done', 'refused', 'withdrawn')),
      user_id uuid,
      subject_id uuid,
      contact_sealed bytea,
      detail_sealed bytea,
      received_at timestamptz NOT NULL,
      deadline_at timestamptz NOT NULL,
      extended_at timestamptz,
      reminded_at timestamptz,
      identity_checked_at timestamptz,
      closed_at timestamptz,
      receipt text
    );
    CREATE INDEX privacy_requests_open ON privacy_requests (deadline_at) WHERE state = 'open';
    CREATE INDEX privacy_requests_person ON privacy_requests (user_id, received_at DESC);

    CREATE TABLE privacy_request_log (
      id uuid PRIMARY KEY,
      request_id uuid NOT NULL REFERENCES privacy_requests ON DELETE CASCADE,
      action text NOT NULL,
      actor_id uuid,
      note_sealed bytea,
      created_at timestamptz NOT NULL
    );
    CREATE INDEX privacy_request_log_request ON privacy_request_log (request_id, created_at);

    GRANT SELECT, INSERT, UPDATE, DELETE ON person_rights, privacy_requests TO ${appRole};
    -- A line stays; what it says of a person goes with them.
    GRANT SELECT, INSERT, UPDATE (note_sealed) ON privacy_request_log TO ${appRole};
  `,
  down: 'DROP TABLE privacy_request_log, privacy_requests, person_rights;',
};
