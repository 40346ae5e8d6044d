import type { Migration } from './migration.ts';

/** Two processes that delete objects of the same workspaces must not wait for each other in a circle. */
const lockInOrder =
  'PERFORM 1 FROM storage_usage WHERE workspace_id IN (SELECT workspace_id FROM removed) ORDER BY workspace_id FOR UPDATE;';

const counters = (lock: string) => `
    CREATE OR REPLACE FUNCTION count_stored_deletes() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        ${lock}
        UPDATE storage_usage u SET used_bytes = u.used_bytes - d.bytes
        FROM (SELECT workspace_id, sum(size_bytes) AS bytes FROM removed GROUP BY workspace_id) d
        WHERE u.workspace_id = d.workspace_id AND d.bytes <> 0;
        RETURN NULL;
      END $$;
    CREATE OR REPLACE FUNCTION count_stored_updates() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        ${lock}
        UPDATE storage_usage u SET used_bytes = u.used_bytes + d.bytes
        FROM (SELECT workspace_id, sum(bytes) AS bytes FROM (
                SELECT workspace_id, size_bytes AS bytes FROM added UNION ALL SELECT workspace_id, -size_bytes FROM removed) c
              GROUP BY workspace_id) d
        WHERE u.workspace_id = d.workspace_id AND d.bytes <> 0;
        RETURN NULL;
      END $$;`;

const subjects = (names: string) => `
    ALTER TABLE erasure_items DROP CONSTRAINT erasure_items_subject_check;
    ALTER TABLE erasure_items ADD CONSTRAINT erasure_items_subject_check CHECK (subject IN (${names}));`;
const scopes = (names: string) => `
    ALTER TABLE erasures DROP CONSTRAINT erasures_scope_check;
    ALTER TABLE erasures ADD CONSTRAINT erasures_scope_check CHECK (scope IN (${names}));`;

const features = '["brandKits", "webhooks", "apiKeys", "translations"]';

/** Deletions of brand kits, plans with features and a limit of members, and counters of storage that are locked in one order. */
export const safekeeping: Migration = {
  name: '20261127-safekeeping',
  up: () => `
    ${counters(lockInOrder)}

    ${subjects("'video', 'rendition', 'brand_file'")}
    ${scopes("'rendition', 'clip', 'video', 'selection', 'workspace', 'brand_kit', 'brand_file'")}
    -- Brand kits whose rows were deleted with this; only their files have bytes.
    ALTER TABLE erasures ADD COLUMN kit_ids uuid[] NOT NULL DEFAULT '{}';

    -- A plan written before allows what every plan allowed.
    ALTER TABLE plans ADD COLUMN features jsonb NOT NULL DEFAULT '${features}';
    UPDATE plans SET limits = '{"members": null}'::jsonb || limits;
    UPDATE plan_versions SET fields = jsonb_set('{"features": ${features}}'::jsonb || fields, '{limits}',
      '{"members": null}'::jsonb || (fields->'limits'));
  `,
  down: `
    UPDATE plan_versions SET fields = jsonb_set(fields, '{limits}', (fields->'limits') - 'members') - 'features';
    UPDATE plans SET limits = limits - 'members';
    ALTER TABLE plans DROP COLUMN features;
    ALTER TABLE erasures DROP COLUMN kit_ids;
    DELETE FROM erasure_items WHERE subject = 'brand_file';
    DELETE FROM erasures WHERE scope IN ('brand_kit', 'brand_file');
    ${scopes("'rendition', 'clip', 'video', 'selection', 'workspace'")}
    ${subjects("'video', 'rendition'")}
    ${counters('')}
  `,
};
