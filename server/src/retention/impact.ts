import { createHash } from 'node:crypto';
import type { Impact } from '@carmic/contract';
import type { MovedExpiry } from './expiry.ts';

/** A change that would end at least this many videos earlier needs their number typed in. */
export const typingThreshold = 50;

/** What is known of a workspace the change touches. */
export interface TouchedWorkspace {
  id: string;
  name: string;
  usedBytes: number;
  limitBytes: number | null;
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) {
      groups.set(keyOf(row), [row]);
    } else {
      group.push(row);
    }
  }
  return groups;
}

/** Sums a change up for the person who decides: what would end earlier, what is rescued, when and whose. */
export function summariseImpact(moved: readonly MovedExpiry[], workspaces: readonly TouchedWorkspace[], change: string): Impact {
  const expiring = moved.filter((each) => each.after !== null && (each.before === null || each.after < each.before));
  const rescued = moved.filter((each) => each.before !== null && (each.after === null || each.after > each.before));
  const count = (rows: readonly MovedExpiry[]) => ({ videos: rows.length, bytes: rows.reduce((sum, row) => sum + row.sizeBytes, 0) });
  const first = (rows: readonly MovedExpiry[]) =>
    rows.reduce<Date | null>((least, { after }) => (after !== null && (least === null || after < least) ? after : least), null);
  const days = groupBy(expiring, (each) => each.after?.toISOString().slice(0, 10) ?? '');
  const byWorkspace = groupBy(expiring, (each) => each.workspaceId);
  const summary = {
    needsConfirmation: expiring.length > 0,
    needsTyping: expiring.length >= typingThreshold,
    affectedWorkspaces: workspaces.length,
    expiring: count(expiring),
    held: count(expiring.filter((each) => each.isHeld)),
    rescued: count(rescued),
    firstExpiryAt: first(expiring)?.toISOString() ?? null,
    byDay: [...days]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, 60)
      .map(([day, rows]) => ({ day, ...count(rows) })),
    workspaces: workspaces
      .map((workspace) => {
        const own = byWorkspace.get(workspace.id) ?? [];
        return {
          id: workspace.id,
          name: workspace.name,
          ...count(own),
          firstExpiryAt: first(own)?.toISOString() ?? null,
          isOverQuota: workspace.limitBytes !== null && workspace.usedBytes > workspace.limitBytes,
        };
      })
      .filter((workspace) => workspace.videos > 0 || workspace.isOverQuota)
      .sort((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1))
      .slice(0, 100),
  };
  // Days and counts, not seconds: looking twice within a minute must not ask for a second confirmation.
  const read = JSON.stringify([change, summary.expiring, summary.byDay.map(({ day, videos }) => [day, videos])]);
  return { fingerprint: createHash('sha256').update(read).digest('base64url'), ...summary };
}
