/** `npx tsx scripts/dumpSchema.ts 0.1.0`: writes a release's schema to test/fixtures/releases, once, when it is released; upgrades are tested from it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appRole } from '../server/src/db/roles.ts';
import { migrations } from '../server/src/db/migrations/index.ts';

/** A few rows of everyday use, in columns that are there since the first release. */
const rows = `
SELECT set_config('carmic.system', 'on', false);
INSERT INTO users (id, email, name, created_at, updated_at)
  VALUES ('00000000-0000-4000-8000-000000000001', 'somebody@example.test', 'Somebody', now(), now());
INSERT INTO workspaces (id, name, plan_id) SELECT '00000000-0000-4000-8000-000000000002', 'A workspace', id FROM plans WHERE is_default;
INSERT INTO members (workspace_id, user_id, role)
  VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'owner');
INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options)
  VALUES ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000002', '\\x01', '\\x01', 5, 'ready', '{}');
INSERT INTO stored_objects (id, workspace_id, video_id, key, kind, state, content_type, size_bytes, sha256)
  VALUES ('00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003',
    'w/00000000-0000-4000-8000-000000000002/v/00000000-0000-4000-8000-000000000003/source', 'source', 'ready', 'video/mp4', 5, repeat('0', 64));
INSERT INTO events (workspace_id, type, created_at) VALUES ('00000000-0000-4000-8000-000000000002', 'video.created', now());
`;

const version = process.argv[2] ?? '';
if (!/^\d+\.\d+\.\d+$/.test(version)) {
  throw new Error('Name the release, such as 0.1.0.');
}
const path = join(fileURLToPath(new URL('../test/fixtures/releases/', import.meta.url)), `${version}.sql`);
if (existsSync(path)) {
  throw new Error(`${path} is there: what was released does not change.`);
}
const parts = migrations.map(
  ({ name, up }) =>
    `-- migration ${name}\n${up(`"${appRole}"`).trim()}\n-- end\nINSERT INTO schema_migrations (name) VALUES ('${name}');\n`,
);
writeFileSync(path, `CREATE TABLE schema_migrations (name varchar(255) PRIMARY KEY);\n${parts.join('\n')}\n-- rows\n${rows}`);
