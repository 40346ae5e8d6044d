/** Marketing mail to those who agreed. A job makes the mails in batches; how far it came stands in the row, so that nobody gets one twice. */
import type { Announcement, MailLanguage, marketingCategories, RouteInput } from '@carmic/contract';
import { z } from 'zod';
import { newId } from '../../core/ids.ts';
import { conflict } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { isMailOn, queueMail } from '../../mail/mail.ts';
import { readMailSettings } from '../../mail/mailSettings.ts';

type Category = (typeof marketingCategories)[number];
interface Row {
  id: string;
  category: Category;
  content: { subject: Record<MailLanguage, string>; text: Record<MailLanguage, string> };
  created_at: Date;
  last_user_id: string | null;
  recipients: number;
  finished_at: Date | null;
}
const batchSize = 200;
const validSeconds = 7 * 24 * 3600;

const present = (row: Row): Announcement => ({
  id: row.id,
  category: row.category,
  ...row.content,
  recipients: row.recipients,
  createdAt: row.created_at.toISOString(),
  finishedAt: row.finished_at?.toISOString() ?? null,
});

/** What was sent, and how many would be reached now. */
export async function listAnnouncements(deps: Deps, tx: Tx) {
  const rows = await deps.db.rows<Row>(tx, 'SELECT * FROM announcements ORDER BY created_at DESC, id LIMIT 100');
  const counts = await deps.db.rows<{ category: Category; count: number }>(
    tx,
    "SELECT category, count(*)::integer AS count FROM mail_choices WHERE state = 'on' AND category IN ('news', 'tips') GROUP BY category",
  );
  const audience = { news: 0, tips: 0, ...Object.fromEntries(counts.map(({ category, count }) => [category, count])) };
  return { items: rows.map(present), audience };
}

/** Takes a marketing mail. Throws conflict where none is sent here. */
export async function createAnnouncement(deps: Deps, userId: string, body: RouteInput<'createAnnouncement'>['body']) {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    if (!isMailOn(deps) || (await readMailSettings(deps, tx)).marketing === 'off') {
      throw conflict('Marketing mail is off here, or no mail server is set.');
    }
    const id = newId();
    const [row] = await db.rows<Row>(
      tx,
      `INSERT INTO announcements (id, category, content, created_by, created_at)
       VALUES (:id, :category, CAST(:content AS jsonb), :userId, :now) RETURNING *`,
      { id, category: body.category, content: JSON.stringify({ subject: body.subject, text: body.text }), userId, now: clock.now() },
    );
    await deps.appendEvent(tx, {
      workspaceId: null,
      type: 'announcement.created',
      subjectId: id,
      actorId: userId,
      data: { category: body.category },
    });
    tx.afterCommit(() => deps.jobs.enqueue('announcements.send', { id }));
    if (row === undefined) {
      throw new Error('An announcement was not written.');
    }
    return present(row);
  });
}

/** Makes the mails of the next batch. Answers whether there is more. */
async function sendBatch(deps: Deps, id: string): Promise<boolean> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const [row] = await db.rows<Row>(tx, 'SELECT * FROM announcements WHERE id = :id AND finished_at IS NULL FOR UPDATE', { id });
    if (row === undefined) {
      return false;
    }
    const people = await db.rows<{ id: string; email: string; name: string }>(
      tx,
      `SELECT u.id, u.email, u.name FROM mail_choices c JOIN users u ON u.id = c.user_id
       WHERE c.category = :category AND c.state = 'on' AND u.suspended_at IS NULL AND u.kind = 'person' AND u.email NOT LIKE '%.invalid'
         AND (CAST(:after AS uuid) IS NULL OR u.id > CAST(:after AS uuid)) ORDER BY u.id LIMIT ${batchSize}`,
      { category: row.category, after: row.last_user_id },
    );
    for (const { id: userId, email, name } of people) {
      await queueMail(deps, tx, {
        template: 'announcement',
        data: row.content,
        to: { email, name, userId },
        category: row.category,
        validSeconds,
      });
    }
    const isLast = people.length < batchSize;
    await db.change(
      tx,
      `UPDATE announcements SET last_user_id = COALESCE(CAST(:last AS uuid), last_user_id), recipients = recipients + :count,
         finished_at = CASE WHEN :isLast THEN CAST(:now AS timestamptz) END WHERE id = :id`,
      { id, last: people.at(-1)?.id ?? null, count: people.length, isLast, now: clock.now() },
    );
    return !isLast;
  });
}

/** Finds announcements whose job was lost. */
export async function nudgeAnnouncements(deps: Deps): Promise<void> {
  const rows = await deps.db.asSystem((tx) =>
    deps.db.rows<{ id: string }>(tx, 'SELECT id FROM announcements WHERE finished_at IS NULL LIMIT 20'),
  );
  for (const { id } of rows) {
    await deps.jobs.enqueue('announcements.send', { id });
  }
}

/** Tells the job runner how announcements are sent. */
export function defineAnnouncementJobs(deps: Deps): void {
  deps.jobs.define({
    name: 'announcements.send',
    payload: z.object({ id: z.uuid() }),
    async run({ id }) {
      while (await sendBatch(deps, id)) {
        // The next batch has a transaction of its own.
      }
    },
    concurrency: 1,
  });
}
