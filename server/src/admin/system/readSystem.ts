import { arch, platform, release as kernel } from 'node:os';
import type { System } from '@carmic/contract';
import { release } from '../../core/release.ts';
import { migrations } from '../../db/migrations/index.ts';
import type { Deps } from '../../deps.ts';
import { readFeatures } from './features.ts';

const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();

/** Release, schema and features. */
export async function readSystem(deps: Deps): Promise<System> {
  const { db } = deps;
  const [version, ran] = await db.asSystem(async (tx) => {
    const [row] = await db.rows<{ version: string }>(tx, "SELECT current_setting('server_version') AS version");
    return [row?.version ?? '', await db.rows<{ name: string }>(tx, 'SELECT name FROM schema_migrations ORDER BY name')] as const;
  });
  const applied = ran.map(({ name }) => name);
  return {
    release: release.version,
    node: process.version,
    platform: `${platform()} ${kernel()} ${arch()}`,
    database: version,
    startedAt,
    migrations: { applied, pending: migrations.map(({ name }) => name).filter((name) => !applied.includes(name)) },
    features: await readFeatures(deps),
  };
}
