import type { Migration } from './migration.ts';

const sessionArguments = 'given_hash bytea, given_workspace text, at_time timestamptz, idle_since timestamptz';

const sessionActor = (isSuspendable: boolean) => `
  CREATE FUNCTION session_actor(${sessionArguments})
  RETURNS TABLE (
    session_id uuid,
    user_id uuid,
    workspace_id uuid,
    role text,
    is_admin boolean,
    last_seen_at timestamptz,
    authenticated_at timestamptz,
    has_second_factor boolean,
    second_factor_for jsonb${isSuspendable ? ',\n    is_workspace_suspended boolean' : ''}
  )
  LANGUAGE plpgsql STABLE SECURITY INVOKER AS $$
  #variable_conflict use_column
  BEGIN
    RETURN QUERY
    SELECT s.id, s.user_id, w.workspace_id, w.role, u.is_admin, s.last_seen_at, s.authenticated_at,
      u.totp_confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id)
        OR EXISTS (SELECT 1 FROM identity_providers i WHERE i.id = s.provider_id AND i.is_second_factor_trusted),
      (SELECT value->'secondFactorFor' FROM instance_settings WHERE name = 'accounts')${isSuspendable ? ', w.is_suspended' : ''}
    FROM sessions s JOIN users u ON u.id = s.user_id AND u.suspended_at IS NULL
    JOIN LATERAL (
      SELECT m.workspace_id, m.role${isSuspendable ? ', x.suspended_at IS NOT NULL AS is_suspended' : ''}
      FROM members m JOIN workspaces x ON x.id = m.workspace_id AND x.deleted_at IS NULL
      WHERE m.user_id = s.user_id AND (given_workspace IS NULL OR m.workspace_id::text = given_workspace)
      UNION ALL
      SELECT v.workspace_id, 'viewer'${isSuspendable ? ', false' : ''} FROM media_visits v
      WHERE v.user_id = s.user_id AND u.is_admin AND v.workspace_id::text = given_workspace AND v.expires_at > at_time
      ORDER BY 2, 1
    ) w ON true
    WHERE s.token_hash = given_hash AND s.expires_at > at_time AND s.last_seen_at > idle_since
    ORDER BY w.workspace_id = s.workspace_id DESC LIMIT 1;
  END
  $$;
  REVOKE ALL ON FUNCTION session_actor(bytea, text, timestamptz, timestamptz) FROM PUBLIC;`;

/**
 * Workspaces and people who are suspended, with the reason, and whose API key it is, which like the question of sessions keeps its plan on
 * the connection. An administrator who visits a suspended workspace is let in.
 */
export const suspension: Migration = {
  name: '20261127-suspension',
  up: (appRole) => `
    ALTER TABLE workspaces ADD COLUMN suspended_at timestamptz, ADD COLUMN suspension_reason_sealed bytea;
    ALTER TABLE users ADD COLUMN suspension_reason_sealed bytea;
    DROP FUNCTION session_actor(bytea, text, timestamptz, timestamptz);
    ${sessionActor(true)}
    GRANT EXECUTE ON FUNCTION session_actor(bytea, text, timestamptz, timestamptz) TO ${appRole};
    CREATE FUNCTION key_actor(given_hash bytea, at_time timestamptz)
    RETURNS TABLE (
      key_id uuid,
      user_id uuid,
      workspace_id uuid,
      role text,
      is_admin boolean,
      scopes jsonb,
      addresses jsonb,
      last_used_at timestamptz,
      is_workspace_suspended boolean
    )
    LANGUAGE plpgsql STABLE SECURITY INVOKER AS $$
    #variable_conflict use_column
    BEGIN
      RETURN QUERY
      SELECT k.id, k.user_id, k.workspace_id, m.role, u.is_admin, k.scopes, k.addresses, k.last_used_at, w.suspended_at IS NOT NULL
      FROM api_keys k
      JOIN members m ON m.workspace_id = k.workspace_id AND m.user_id = k.user_id
      JOIN users u ON u.id = k.user_id AND u.suspended_at IS NULL
      JOIN workspaces w ON w.id = k.workspace_id AND w.deleted_at IS NULL
      WHERE k.key_hash = given_hash AND (k.expires_at IS NULL OR k.expires_at > at_time);
    END
    $$;
    REVOKE ALL ON FUNCTION key_actor(bytea, timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION key_actor(bytea, timestamptz) TO ${appRole};
  `,
  down: `
    DROP FUNCTION key_actor(bytea, timestamptz);
    DROP FUNCTION session_actor(bytea, text, timestamptz, timestamptz);
    ${sessionActor(false)}
    -- The name of the application's role is not known on the way back; the function runs with its caller's rights.
    GRANT EXECUTE ON FUNCTION session_actor(bytea, text, timestamptz, timestamptz) TO PUBLIC;
    ALTER TABLE workspaces DROP COLUMN suspended_at, DROP COLUMN suspension_reason_sealed;
    ALTER TABLE users DROP COLUMN suspension_reason_sealed;
  `,
};
