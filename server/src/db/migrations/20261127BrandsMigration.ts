import type { Migration } from './migration.ts';

const rule = `workspace_id = (SELECT nullif(current_setting('carmic.workspace_id', true), '')::uuid)
    OR (SELECT current_setting('carmic.system', true)) = 'on'`;
const protect = (table: string) => `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON ${table} USING (${rule}) WITH CHECK (${rule});`;

/** Brand kits, their files, and which kit a rendition is made with. */
export const brands: Migration = {
  name: '20261127-brands',
  up: (appRole) => `
    CREATE TABLE brand_kits (
      id uuid PRIMARY KEY,
      workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
      content_sealed bytea NOT NULL,
      is_default boolean NOT NULL DEFAULT false,
      version integer NOT NULL DEFAULT 1 CHECK (version > 0),
      created_by uuid REFERENCES users ON DELETE SET NULL,
      created_at timestamptz NOT NULL,
      updated_at timestamptz NOT NULL,
      UNIQUE (workspace_id, id)
    );
    CREATE UNIQUE INDEX brand_kits_one_default ON brand_kits (workspace_id) WHERE is_default;
    CREATE INDEX brand_kits_created_by ON brand_kits (created_by);
    CREATE TABLE brand_assets (
      workspace_id uuid NOT NULL,
      kit_id uuid NOT NULL,
      kind text NOT NULL CHECK (kind IN ('font', 'logo', 'intro', 'outro')),
      object_id uuid NOT NULL,
      facts_sealed bytea NOT NULL,
      created_at timestamptz NOT NULL,
      PRIMARY KEY (kit_id, kind),
      FOREIGN KEY (workspace_id, kit_id) REFERENCES brand_kits (workspace_id, id) ON DELETE CASCADE
    );
    CREATE INDEX brand_assets_kit ON brand_assets (workspace_id, kit_id);
    ${protect('brand_kits')}
    ${protect('brand_assets')}
    -- No reference: a finished rendition outlives the kit it was made with.
    ALTER TABLE renditions ADD COLUMN brand_kit_id uuid;
    CREATE INDEX renditions_brand_kit ON renditions (brand_kit_id) WHERE brand_kit_id IS NOT NULL;
    CREATE INDEX stored_objects_unfinished ON stored_objects (created_at) WHERE state = 'pending' AND video_id IS NULL;
    GRANT SELECT, INSERT, UPDATE, DELETE ON brand_kits, brand_assets TO ${appRole};
  `,
  down: `
    DELETE FROM stored_objects WHERE kind LIKE 'brand\\_%';
    DROP INDEX stored_objects_unfinished;
    ALTER TABLE renditions DROP COLUMN brand_kit_id;
    DROP TABLE brand_assets, brand_kits;
  `,
};
