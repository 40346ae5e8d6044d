import type { Migration } from './index.ts';

/**
 * The order of events survives a move to another PostgreSQL, whose transaction ids begin anew: `event_xid` puts this cluster's ids behind those
 * that stand in the rows already (eventOrder.ts). The application may read which migrations the schema has.
 */
export const restore: Migration = {
  name: '20261127-restore',
  up: (appRole) => `
    CREATE FUNCTION event_xid(own xid8) RETURNS xid8 LANGUAGE sql STABLE AS 'SELECT own';
    ALTER TABLE events ALTER COLUMN txid SET DEFAULT event_xid(pg_current_xact_id());
    GRANT SELECT ON schema_migrations TO ${appRole};
  `,
  down: `
    ALTER TABLE events ALTER COLUMN txid SET DEFAULT pg_current_xact_id();
    DROP FUNCTION event_xid(xid8);
    DO $$
    DECLARE reader name;
    BEGIN
      FOR reader IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
        WHERE table_name = 'schema_migrations' AND grantee <> current_user
      LOOP
        EXECUTE format('REVOKE ALL ON schema_migrations FROM %I', reader);
      END LOOP;
    END $$;
  `,
};
