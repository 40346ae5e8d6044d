import type { Migration } from './migration.ts';

const tenantTables = ['invitations', 'api_keys', 'media_visits'] as const;

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

/** Second factors, tokens sent by mail, invitations, API keys, service accounts, visits of administrators, and mails that wait. */
export const accounts: Migration = {
  name: '20261127-accounts',
  up: (appRole) => `
    ALTER TABLE users
      ADD COLUMN kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service')),
      ADD COLUMN suspended_at timestamptz,
      ADD COLUMN totp_sealed bytea,
      ADD COLUMN totp_confirmed_at timestamptz,
      -- The last time step that was accepted: a code works once (RFC 6238, section 5.2).
      ADD COLUMN totp_last_step bigint NOT NULL DEFAULT 0;
    ALTER TABLE sessions
      ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now(),
      ADD COLUMN browser text;
    ALTER TABLE workspaces ADD COLUMN deleted_at timestamptz;

    CREATE TABLE account_tokens (
      id uuid PRIMARY KEY,
      kind text NOT NULL,
      user_id uuid REFERENCES users ON DELETE CASCADE,
      token_hash bytea NOT NULL UNIQUE,
      data_sealed bytea,
      attempts integer NOT NULL DEFAULT 0,
      expires_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX account_tokens_user ON account_tokens (user_id);
    CREATE INDEX account_tokens_expiry ON account_tokens (expires_at);

    CREATE TABLE recovery_codes (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      code_hash bytea NOT NULL,
      used_at timestamptz
    );
    CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

    CREATE TABLE passkeys (
      id uuid PRIMARY KEY,
      user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
      credential_id text NOT NULL UNIQUE,
      public_key bytea NOT NULL,
      counter bigint NOT NULL DEFAULT 0,
      transports jsonb NOT NULL DEFAULT '[]',
      name text NOT NULL,
      created_at timestamptz NOT NULL,
      last_used_at timestamptz
    );
    CREATE INDEX passkeys_user ON passkeys (user_id);

    CREATE TABLE invitations (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      email text NOT NULL,
      role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
      token_hash bytea NOT NULL UNIQUE,
      created_by uuid REFERENCES users ON DELETE SET NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX invitations_workspace ON invitations (workspace_id);
    CREATE INDEX invitations_created_by ON invitations (created_by);

    CREATE TABLE api_keys (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL,
      user_id uuid NOT NULL,
      name text NOT NULL,
      prefix text NOT NULL,
      key_hash bytea NOT NULL UNIQUE,
      scopes jsonb NOT NULL,
      addresses jsonb NOT NULL DEFAULT '[]',
      created_at timestamptz NOT NULL,
      expires_at timestamptz,
      replaced_at timestamptz,
      last_used_at timestamptz,
      last_used_address_sealed bytea,
      FOREIGN KEY (workspace_id, user_id) REFERENCES members (workspace_id, user_id) ON DELETE CASCADE
    );
    CREATE INDEX api_keys_member ON api_keys (workspace_id, user_id);

    CREATE TABLE media_visits (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      user_id uuid REFERENCES users ON DELETE SET NULL,
      reason text NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX media_visits_workspace ON media_visits (workspace_id);
    CREATE INDEX media_visits_user ON media_visits (user_id);

    CREATE TABLE mails (
      id uuid PRIMARY KEY,
      kind text NOT NULL,
      content_sealed bytea NOT NULL,
      created_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      sent_at timestamptz
    );
    CREATE INDEX mails_expiry ON mails (expires_at);

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON account_tokens, recovery_codes, passkeys, invitations, api_keys, media_visits, mails TO ${appRole};
  `,
  down: `
    DROP TABLE mails, media_visits, api_keys, invitations, passkeys, recovery_codes, account_tokens;
    ALTER TABLE workspaces DROP COLUMN deleted_at;
    ALTER TABLE sessions DROP COLUMN authenticated_at, DROP COLUMN browser;
    DELETE FROM users WHERE kind = 'service';
    ALTER TABLE users DROP COLUMN kind, DROP COLUMN suspended_at, DROP COLUMN totp_sealed, DROP COLUMN totp_confirmed_at,
      DROP COLUMN totp_last_step;
  `,
};
