import type { Migration } from './migration.ts';

/**
 * Whose session it is, which every request of a signed-in person asks first. A function keeps its plan on the connection, where a plain
 * statement is planned anew each time, and that costs more than the answer; prepared statements do not survive a pooler in transaction
 * mode. It runs with the rights of whoever calls it, so row-level security holds inside of it too.
 */
export const sessionActor: Migration = {
  name: '20261127-session-actor',
  up: (appRole) => `
    CREATE FUNCTION session_actor(given_hash bytea, given_workspace text, at_time timestamptz, idle_since timestamptz)
    RETURNS TABLE (
      session_id uuid,
      user_id uuid,
      workspace_id uuid,
      role text,
      is_admin boolean,
      last_seen_at timestamptz,
      authenticated_at timestamptz,
      has_second_factor boolean,
      second_factor_for jsonb
    )
    LANGUAGE plpgsql STABLE SECURITY INVOKER AS $$
    #variable_conflict use_column
    BEGIN
      RETURN QUERY
      SELECT s.id, s.user_id, w.workspace_id, w.role, u.is_admin, s.last_seen_at, s.authenticated_at,
        u.totp_confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id)
          OR EXISTS (SELECT 1 FROM identity_providers i WHERE i.id = s.provider_id AND i.is_second_factor_trusted),
        (SELECT value->'secondFactorFor' FROM instance_settings WHERE name = 'accounts')
      FROM sessions s JOIN users u ON u.id = s.user_id AND u.suspended_at IS NULL
      JOIN LATERAL (
        SELECT m.workspace_id, m.role FROM members m JOIN workspaces x ON x.id = m.workspace_id AND x.deleted_at IS NULL
        WHERE m.user_id = s.user_id AND (given_workspace IS NULL OR m.workspace_id::text = given_workspace)
        UNION ALL
        SELECT v.workspace_id, 'viewer' FROM media_visits v
        WHERE v.user_id = s.user_id AND u.is_admin AND v.workspace_id::text = given_workspace AND v.expires_at > at_time
        ORDER BY 2, 1
      ) w ON true
      WHERE s.token_hash = given_hash AND s.expires_at > at_time AND s.last_seen_at > idle_since
      ORDER BY w.workspace_id = s.workspace_id DESC LIMIT 1;
    END
    $$;
    REVOKE ALL ON FUNCTION session_actor(bytea, text, timestamptz, timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION session_actor(bytea, text, timestamptz, timestamptz) TO ${appRole};
  `,
  down: 'DROP FUNCTION session_actor(bytea, text, timestamptz, timestamptz);',
};
