import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

/** Adds a workspace on the plan called `slug`, or on the default plan, and answers its id. Throws when there is no such plan. */
export async function createWorkspace(deps: Deps, tx: Tx, options: { id?: string; name: string; slug?: string }): Promise<string> {
  const id = options.id ?? newId();
  const added = await deps.db.change(
    tx,
    `INSERT INTO workspaces (id, name, plan_id, retention_days, storage_limit_bytes)
     SELECT :id, :name, p.id, p.expires_after_days, p.fixed_storage_bytes FROM plans p
     WHERE p.archived_at IS NULL AND (p.slug = :slug OR (p.is_default AND NOT EXISTS (
       SELECT 1 FROM plans q WHERE q.slug = :slug AND q.archived_at IS NULL)))`,
    { id, name: options.name, slug: options.slug ?? '' },
  );
  if (added !== 1) {
    throw new Error('There is no plan for a new workspace.');
  }
  return id;
}
