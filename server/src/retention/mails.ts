/**
 * What people are told by mail about their content: what ends soon, what was deleted, a storage that is nearly full, a change of rule. Service
 * mail to the owners of a workspace, at most one of a kind a day; it carries figures and links, never a title. Keeps: R1, R2, R6.
 *
 * Whoever writes the row of `retention_mails` queues the mail in the same transaction, so that several workers may run this.
 */
import { addSeconds } from '../core/clock.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { isMailOn, queueMail } from '../mail/mail.ts';
import type { MailData, TemplateName } from '../mail/templates/mailText.ts';
import { formatBytes } from '../plans/quota.ts';
import { notHeld } from '../library/findHolds.ts';

type Kind = 'expiry' | 'erasures' | 'quota';

const daySeconds = 24 * 3600;
/** A mail that could not be sent for so long is of no use any more. */
const validSeconds = 2 * daySeconds;
/** A mail of the morning names what its readers would be told of until the next one. */
const namedAheadSeconds = 8 * daySeconds;
/** A storage that stays full is not told of every day. */
const quotaMailDays = 7;
const batchSize = 200;
/** From this share on owners are told. */
const nearlyFull = 0.9;

const dayOf = (date: Date) => date.toISOString().slice(0, 10);
const timeOf = (date: Date) => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Mails about a workspace. */
type OwnerTemplate = { [N in TemplateName]: MailData[N] extends { workspace: string } ? N : never }[TemplateName];

/** Queues a mail to every owner of a workspace, and to `alsoTo`. */
export async function queueToOwners<N extends OwnerTemplate>(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  mail: { template: N; data: Omit<MailData[N], 'workspace'> },
  alsoTo: readonly string[] = [],
): Promise<void> {
  const people = await deps.db.rows<{ id: string; email: string; name: string; workspace: string }>(
    tx,
    `SELECT u.id, u.email, u.name, w.name AS workspace FROM members m JOIN users u ON u.id = m.user_id JOIN workspaces w ON w.id = m.workspace_id
     WHERE m.workspace_id = :workspaceId AND u.kind = 'person' AND u.email NOT LIKE '%.invalid'
       AND (m.role = 'owner' OR u.id = ANY(CAST(:alsoTo AS uuid[]))) ORDER BY u.id`,
    { workspaceId, alsoTo: `{${alsoTo.join(',')}}` },
  );
  for (const { id, email, name, workspace } of people) {
    await queueMail(deps, tx, {
      template: mail.template,
      data: { ...mail.data, workspace } as MailData[N],
      to: { email, name, userId: id },
      validSeconds,
    });
  }
}

/** Takes the right to send this workspace's mail of a kind today. False when it was sent already. */
async function claimDay(deps: Deps, tx: Tx, workspaceId: string, kind: Kind): Promise<boolean> {
  const now = deps.clock.now();
  const claimed = await deps.db.change(
    tx,
    `INSERT INTO retention_mails (workspace_id, kind, day, queued_at) VALUES (:workspaceId, :kind, CAST(:day AS date), :now) ON CONFLICT DO NOTHING`,
    { workspaceId, kind, day: dayOf(now), now },
  );
  return claimed === 1;
}

/** Tells what ends within the next days: once a day, whatever number of videos it is. The caller has just given a notice. */
export async function mailExpiry(deps: Deps, tx: Tx, workspaceId: string): Promise<void> {
  if (!isMailOn(deps) || !(await claimDay(deps, tx, workspaceId, 'expiry'))) {
    return;
  }
  const now = deps.clock.now();
  const days = await deps.db.rows<{ day: string; videos: number; first: Date }>(
    tx,
    `SELECT to_char(v.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*)::integer AS videos, min(v.expires_at) AS first
     FROM videos v WHERE v.workspace_id = :workspaceId AND v.deleted_at IS NULL AND v.expires_at > :now AND v.expires_at <= :until AND ${notHeld}
     GROUP BY 1 ORDER BY 1`,
    { workspaceId, now, until: addSeconds(now, namedAheadSeconds) },
  );
  const [soonest] = days;
  if (soonest === undefined) {
    return;
  }
  const videos = days.reduce((sum, day) => sum + day.videos, 0);
  await queueToOwners(deps, tx, workspaceId, {
    template: 'retention_expiry',
    data: { videos, first: timeOf(soonest.first), days: days.map(({ day, videos: count }) => ({ day, videos: count })) },
  });
}

/** Tells of a change of rule that lets content end earlier. The caller has just made it. */
export async function mailGrace(deps: Deps, tx: Tx, workspaceId: string, days: number, until: Date): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  await queueToOwners(deps, tx, workspaceId, { template: 'retention_grace', data: { days, until: timeOf(until) } });
}

/** Tells whoever asked, and the owners, that deletions are done: all that were finished since the mail before, in one. */
async function mailErasures(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const since = addSeconds(now, -validSeconds);
  const finished = 'finished_at > :since AND mailed_at IS NULL';
  const workspaces = await db.asSystem((tx) =>
    db.rows<{ workspace_id: string }>(
      tx,
      `SELECT DISTINCT e.workspace_id FROM erasures e WHERE ${finished} AND finished_at IS NOT NULL AND e.cause = 'request'
         AND NOT EXISTS (SELECT 1 FROM retention_mails r WHERE r.workspace_id = e.workspace_id AND r.kind = 'erasures' AND r.day = CAST(:day AS date))
       LIMIT :batchSize`,
      { since, day: dayOf(now), batchSize },
    ),
  );
  for (const { workspace_id: workspaceId } of workspaces) {
    await db.asSystem(async (tx) => {
      if (!(await claimDay(deps, tx, workspaceId, 'erasures'))) {
        return;
      }
      const told = await db.rows<{ requested_by: string | null; item_count: number; object_count: string }>(
        tx,
        `UPDATE erasures SET mailed_at = :now WHERE workspace_id = :workspaceId AND ${finished} AND cause = 'request'
         RETURNING requested_by, item_count, object_count`,
        { now, since, workspaceId },
      );
      const files = told.reduce((sum, row) => sum + Number(row.object_count), 0);
      const askers = [...new Set(told.flatMap((row) => row.requested_by ?? []))];
      const mail = { template: 'retention_erasures', data: { deletions: told.length, files } } as const;
      await queueToOwners(deps, tx, workspaceId, mail, askers);
    });
  }
}

/** Tells of storages that are nearly full, or full. */
async function mailQuotas(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const full = await db.asSystem((tx) =>
    db.rows<{ id: string; used_bytes: string; storage_limit_bytes: string }>(
      tx,
      `SELECT w.id, u.used_bytes, w.storage_limit_bytes FROM workspaces w JOIN storage_usage u ON u.workspace_id = w.id
       WHERE w.deleted_at IS NULL AND u.used_bytes > w.storage_limit_bytes * :nearlyFull
         AND NOT EXISTS (SELECT 1 FROM retention_mails r WHERE r.workspace_id = w.id AND r.kind = 'quota' AND r.queued_at > :since) LIMIT :batchSize`,
      { nearlyFull, since: addSeconds(now, -quotaMailDays * daySeconds), batchSize },
    ),
  );
  for (const { id, used_bytes: used, storage_limit_bytes: limit } of full) {
    await db.asSystem(async (tx) => {
      if (!(await claimDay(deps, tx, id, 'quota'))) {
        return;
      }
      await queueToOwners(deps, tx, id, {
        template: 'retention_quota',
        data: { used: formatBytes(Number(used)), limit: formatBytes(Number(limit)), isFull: Number(used) >= Number(limit) },
      });
    });
  }
}

/** Sends what is due of the mails that no other act sends. Does nothing without a mail server. */
export async function mailRetention(deps: Deps): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  await mailErasures(deps);
  await mailQuotas(deps);
}
