import type { Migration } from './migration.ts';

const tenantTables = ['storage_usage'] as const;

function protect(table: string): string {
  const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;
}

const gigabyte = 1_000_000_000;
const noLimits = '{"uploadBytes": null, "durationSeconds": null}';

/** The tiers of promises R1 to R4; an administrator edits them. */
const defaultPlans = `
  INSERT INTO plans (id, slug, name, expires_after_days, fixed_storage_bytes, limits, is_default) VALUES
    (gen_random_uuid(), 'free', 'Free', 3, NULL, '${noLimits}', true),
    (gen_random_uuid(), 'standard', 'Standard', 29, NULL, '${noLimits}', false),
    (gen_random_uuid(), 'professional', 'Professional', NULL, ${100 * gigabyte}, '${noLimits}', false),
    (gen_random_uuid(), 'business', 'Business', NULL, ${1000 * gigabyte}, '${noLimits}', false),
    (gen_random_uuid(), 'enterprise', 'Enterprise', NULL, ${1000 * gigabyte}, '${noLimits}', false);`;

/**
 * Plans with retention tiers, and counted storage. Workspaces that were there before go to Enterprise, so that an update never makes anything expire.
 */
export const retention: Migration = {
  name: '20261124-retention',
  up: (appRole) => `
    CREATE TABLE plans (
      id uuid PRIMARY KEY,
      slug text NOT NULL UNIQUE,
      name text NOT NULL,
      version integer NOT NULL DEFAULT 1,
      expires_after_days double precision CHECK (expires_after_days > 0),
      fixed_storage_bytes bigint CHECK (fixed_storage_bytes > 0),
      limits jsonb NOT NULL,
      is_default boolean NOT NULL DEFAULT false,
      archived_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      CHECK ((expires_after_days IS NULL) <> (fixed_storage_bytes IS NULL))
    );
    CREATE UNIQUE INDEX plans_one_default ON plans (is_default) WHERE is_default;
    CREATE TABLE plan_versions (
      plan_id uuid NOT NULL REFERENCES plans ON DELETE CASCADE,
      version integer NOT NULL,
      fields jsonb NOT NULL,
      changed_by uuid REFERENCES users ON DELETE SET NULL,
      changed_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (plan_id, version)
    );
    CREATE INDEX plan_versions_changed_by ON plan_versions (changed_by);
    ${defaultPlans}
    INSERT INTO plan_versions (plan_id, version, fields)
      SELECT id, 1, jsonb_build_object('name', name,
        'retention', CASE WHEN expires_after_days IS NULL THEN jsonb_build_object('kind', 'fixed', 'storageBytes', fixed_storage_bytes)
                          ELSE jsonb_build_object('kind', 'expires', 'days', expires_after_days) END,
        'limits', limits, 'isDefault', is_default, 'isArchived', false)
      FROM plans;

    ALTER TABLE workspaces
      ADD COLUMN plan_id uuid REFERENCES plans,
      ADD COLUMN overrides jsonb,
      -- In force, overrides included; written whenever plan or overrides change, so that readers need no join with plans.
      ADD COLUMN retention_days double precision,
      ADD COLUMN storage_limit_bytes bigint,
      -- Content whose retention began before grace_from ends no earlier than grace_until, or than grace_days would have ended it.
      ADD COLUMN grace_from timestamptz,
      ADD COLUMN grace_until timestamptz,
      ADD COLUMN grace_days double precision;
    UPDATE workspaces SET plan_id = p.id, storage_limit_bytes = p.fixed_storage_bytes FROM plans p WHERE p.slug = 'enterprise';
    ALTER TABLE workspaces ALTER COLUMN plan_id SET NOT NULL;
    CREATE INDEX workspaces_plan ON workspaces (plan_id);

    ALTER TABLE videos ADD COLUMN kept_from timestamptz;
    UPDATE videos v SET kept_from = v.created_at WHERE v.state NOT IN ('uploading', 'deleting');
    CREATE INDEX videos_expiring ON videos (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;

    -- Bytes of a workspace: sizes of all rows of stored_objects, reservations of open uploads included (the pending source row carries the
    -- announced size). Kept by triggers at the end of each statement, recounted every night.
    CREATE TABLE storage_usage (
      workspace_id uuid PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
      used_bytes bigint NOT NULL DEFAULT 0,
      counted_at timestamptz
    );
    INSERT INTO storage_usage (workspace_id, used_bytes)
      SELECT w.id, COALESCE((SELECT sum(o.size_bytes) FROM stored_objects o WHERE o.workspace_id = w.id), 0) FROM workspaces w;
    CREATE FUNCTION open_storage_usage() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO storage_usage (workspace_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
        RETURN NULL;
      END $$;
    CREATE TRIGGER workspaces_open_usage AFTER INSERT ON workspaces FOR EACH ROW EXECUTE FUNCTION open_storage_usage();
    CREATE FUNCTION count_stored_inserts() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        UPDATE storage_usage u SET used_bytes = u.used_bytes + d.bytes
        FROM (SELECT workspace_id, sum(size_bytes) AS bytes FROM added GROUP BY workspace_id) d
        WHERE u.workspace_id = d.workspace_id AND d.bytes <> 0;
        RETURN NULL;
      END $$;
    CREATE FUNCTION count_stored_deletes() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        UPDATE storage_usage u SET used_bytes = u.used_bytes - d.bytes
        FROM (SELECT workspace_id, sum(size_bytes) AS bytes FROM removed GROUP BY workspace_id) d
        WHERE u.workspace_id = d.workspace_id AND d.bytes <> 0;
        RETURN NULL;
      END $$;
    CREATE FUNCTION count_stored_updates() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        UPDATE storage_usage u SET used_bytes = u.used_bytes + d.bytes
        FROM (SELECT workspace_id, sum(bytes) AS bytes FROM (
                SELECT workspace_id, size_bytes AS bytes FROM added UNION ALL SELECT workspace_id, -size_bytes FROM removed) c
              GROUP BY workspace_id) d
        WHERE u.workspace_id = d.workspace_id AND d.bytes <> 0;
        RETURN NULL;
      END $$;
    CREATE TRIGGER stored_objects_inserted AFTER INSERT ON stored_objects
      REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_stored_inserts();
    CREATE TRIGGER stored_objects_deleted AFTER DELETE ON stored_objects
      REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_stored_deletes();
    CREATE TRIGGER stored_objects_updated AFTER UPDATE ON stored_objects
      REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_stored_updates();

    ${tenantTables.map(protect).join('\n')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON plans, plan_versions, storage_usage TO ${appRole};
  `,
  down: `
    DROP TRIGGER stored_objects_inserted ON stored_objects;
    DROP TRIGGER stored_objects_deleted ON stored_objects;
    DROP TRIGGER stored_objects_updated ON stored_objects;
    DROP TRIGGER workspaces_open_usage ON workspaces;
    DROP FUNCTION count_stored_inserts, count_stored_deletes, count_stored_updates, open_storage_usage;
    DROP TABLE storage_usage;
    DROP INDEX videos_expiring;
    ALTER TABLE videos DROP COLUMN kept_from;
    DROP INDEX workspaces_plan;
    ALTER TABLE workspaces DROP COLUMN plan_id, DROP COLUMN overrides, DROP COLUMN retention_days, DROP COLUMN storage_limit_bytes,
      DROP COLUMN grace_from, DROP COLUMN grace_until, DROP COLUMN grace_days;
    DROP TABLE plan_versions, plans;
  `,
};
