import type { Deps } from '../deps.ts';

/** The row and column of the reason for which a workspace or an account is suspended. */
export const suspensionContext = (table: 'users' | 'workspaces', id: string): string => `${table}.suspension_reason:${id}`;

/** A suspension as it is shown; null when there is none. One from before reasons were kept has an empty reason. */
export function presentSuspension(
  { sealer }: Deps,
  table: 'users' | 'workspaces',
  row: { id: string; suspended_at: Date | null; suspension_reason_sealed: Buffer | null },
): { since: string; reason: string } | null {
  if (row.suspended_at === null) {
    return null;
  }
  const sealed = row.suspension_reason_sealed;
  return { since: row.suspended_at.toISOString(), reason: sealed === null ? '' : sealer.open(suspensionContext(table, row.id), sealed) };
}
