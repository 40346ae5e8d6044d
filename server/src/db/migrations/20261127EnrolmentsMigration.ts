import type { Migration } from './migration.ts';

/** Codes with which several agents enrol, for pools that grow by themselves; and the application may read how far the schema is. */
export const enrolments: Migration = {
  name: '20261127-enrolments',
  up: (appRole) => `
    ALTER TABLE agent_enrolments
      ADD COLUMN uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
      ADD COLUMN max_uses integer NOT NULL DEFAULT 1 CHECK (max_uses > 0);
    GRANT SELECT ON schema_migrations TO ${appRole};
  `,
  down: `
    ALTER TABLE agent_enrolments DROP COLUMN uses, DROP COLUMN max_uses;
    -- The name of the application's role is not given on the way down.
    DO $$
    DECLARE reader text;
    BEGIN
      FOR reader IN SELECT grantee FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND table_name = 'schema_migrations' AND grantee <> current_user
      LOOP
        EXECUTE format('REVOKE ALL ON schema_migrations FROM %I', reader);
      END LOOP;
    END $$;
  `,
};
