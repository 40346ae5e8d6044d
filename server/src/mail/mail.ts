/**
 * Mails with a link or a notice, sent by a job. What a mail says is sealed in its row until it is sent, so that no link lies about in
 * the clear. Without a mail server the row stays until the link expires, and administrators hand the link over in the console.
 */
import { createTransport } from 'nodemailer';
import { z } from 'zod';
import { addSeconds } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

const contentSchema = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  /** The link the mail is about; null when it is a notice only. */
  link: z.string().nullable(),
});
export type MailContent = z.infer<typeof contentSchema>;

interface MailRow {
  id: string;
  kind: string;
  content_sealed: Buffer;
  created_at: Date;
  expires_at: Date;
}

const contextOf = (id: string) => `mails.content:${id}`;
const timeoutMs = 20_000;

/** Whether a mail server is set. */
export function isMailOn(deps: Pick<Deps, 'env'>): boolean {
  return deps.env.CARMIC_SMTP_URL !== undefined;
}

/** Writes a mail in the caller's transaction; it is sent once that has committed. Notices without a link need a mail server. */
export async function queueMail(deps: Deps, tx: Tx, mail: { kind: string; content: MailContent; validSeconds: number }): Promise<void> {
  const { db, clock, sealer } = deps;
  if (!isMailOn(deps) && mail.content.link === null) {
    return;
  }
  const id = newId();
  const now = clock.now();
  await db.change(
    tx,
    `INSERT INTO mails (id, kind, content_sealed, created_at, expires_at) VALUES (:id, :kind, :sealed, :now, :expiresAt)`,
    {
      id,
      kind: mail.kind,
      sealed: sealer.seal(contextOf(id), JSON.stringify(mail.content)),
      now,
      expiresAt: addSeconds(now, mail.validSeconds),
    },
  );
  if (isMailOn(deps)) {
    tx.afterCommit(() => deps.jobs.enqueue('mails.send', { mailId: id }));
  }
}

/** Sends one mail and removes its row. Does nothing when it is gone or has expired. */
async function sendMail(deps: Deps, mailId: string): Promise<void> {
  const { db, env, sealer, clock } = deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<MailRow>(tx, 'SELECT * FROM mails WHERE id = :mailId AND expires_at > :now', { mailId, now: clock.now() }),
  );
  if (row === undefined || env.CARMIC_SMTP_URL === undefined) {
    return;
  }
  const content = contentSchema.parse(JSON.parse(sealer.open(contextOf(row.id), row.content_sealed)));
  const transport = createTransport({
    url: env.CARMIC_SMTP_URL,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    tls: { minVersion: 'TLSv1.2' },
  });
  try {
    await transport.sendMail({ from: env.CARMIC_MAIL_FROM, to: content.to, subject: content.subject, text: content.text });
  } finally {
    transport.close();
  }
  await db.asSystem((tx) => db.change(tx, 'DELETE FROM mails WHERE id = :mailId', { mailId }));
}

/** The links that wait to be handed over, newest first. */
export async function listPendingMails(deps: Deps, tx: Tx) {
  const { db, sealer, clock } = deps;
  const rows = await db.rows<MailRow>(tx, 'SELECT * FROM mails WHERE expires_at > :now ORDER BY created_at DESC LIMIT 200', {
    now: clock.now(),
  });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    ...contentSchema.parse(JSON.parse(sealer.open(contextOf(row.id), row.content_sealed))),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
}

/** To whom a waiting mail goes. */
export const addressOf = (deps: Deps, row: Pick<MailRow, 'id' | 'content_sealed'>): string =>
  contentSchema.parse(JSON.parse(deps.sealer.open(contextOf(row.id), row.content_sealed))).to;

/** Tells the job runner how mails are sent. */
export function defineMailJobs(deps: Deps): void {
  deps.jobs.define({
    name: 'mails.send',
    payload: z.object({ mailId: z.uuid() }),
    run: ({ mailId }) => sendMail(deps, mailId),
    maxAttempts: 8,
  });
}
