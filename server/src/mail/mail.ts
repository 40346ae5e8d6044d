/**
 * Mails with a link or a notice, sent by a job. What a mail says is sealed in its row until it is sent, so that no link lies about in
 * the clear. Whether it may go out is asked at the moment of sending: a choice holds for what waits already. Without a mail server the row
 * stays until the link expires, and administrators hand the link over in the console. Keeps: M2, M3.
 */
import type { MailCategory, MailLanguage } from '@carmic/contract';
import { z } from 'zod';
import { addSeconds } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { blindAddress, countBounce, mayReceive } from './choices.ts';
import type { MailData, TemplateName } from './templates/mailText.ts';
import { renderMail } from './templates/render.ts';
import { templates } from './templates/templates.ts';
import { isRefusedForGood, sendByServer } from './transport.ts';
import { listHeaders, unsubscribeUrl } from './unsubscribeLinks.ts';

const contentSchema = z.object({
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  /** Missing in mails that an older version queued. */
  html: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** The link the mail is about; null when it is a notice only. */
  link: z.string().nullable(),
});

interface MailRow {
  id: string;
  kind: string;
  category: MailCategory;
  user_id: string | null;
  content_sealed: Buffer;
  created_at: Date;
  expires_at: Date;
}

/** One mail to somebody, with or without an account. */
export interface OutgoingMail<N extends TemplateName> {
  template: N;
  data: MailData[N];
  to: { email: string; name: string; userId: string | null };
  /** Language of somebody without an account; a person has chosen theirs. */
  language?: MailLanguage;
  /** Instead of the template's own. */
  category?: MailCategory;
  validSeconds: number;
}

/** Longer than all tries of a mail that the server does not take at once. */
const lostNudgeSeconds = 900;

const contextOf = (id: string) => `mails.content:${id}`;

/** Whether a mail server is set. */
export function isMailOn(deps: Pick<Deps, 'env'>): boolean {
  return deps.env.CARMIC_SMTP_URL !== undefined;
}

/** Lays out a mail in one language. */
export function layOut<N extends TemplateName>(
  deps: Pick<Deps, 'env' | 'baseUrl' | 'sealer'>,
  mail: Pick<OutgoingMail<N>, 'template' | 'data' | 'to' | 'category'> & { language: MailLanguage },
) {
  const definition = templates[mail.template];
  const category = mail.category ?? definition.category;
  // Somebody else may have chosen the name: it stays on one line.
  const place = { name: mail.to.name.replace(/\s+/g, ' '), instance: deps.env.CARMIC_INSTANCE_NAME, baseUrl: deps.baseUrl() };
  const text = definition.texts[mail.language](mail.data, place);
  const link = 'link' in mail.data ? mail.data.link : null;
  const off = unsubscribeUrl(deps, mail.to, category, mail.language);
  return { ...renderMail({ language: mail.language, category, text, place, link, unsubscribeUrl: off }), words: text, category, link, off };
}

/** Writes a mail in the caller's transaction; it is sent once that has committed. Notices without a link need a mail server. */
export async function queueMail<N extends TemplateName>(deps: Deps, tx: Tx, mail: OutgoingMail<N>): Promise<void> {
  const { db, clock, sealer } = deps;
  if (!isMailOn(deps) && !('link' in mail.data)) {
    return;
  }
  const id = newId();
  const now = clock.now();
  const [person] =
    mail.to.userId === null
      ? []
      : await db.rows<{ mail_language: MailLanguage }>(tx, 'SELECT mail_language FROM users WHERE id = :id', { id: mail.to.userId });
  const language = person?.mail_language ?? mail.language ?? 'en';
  const made = layOut(deps, { ...mail, language });
  const content: z.infer<typeof contentSchema> = {
    to: mail.to.email,
    subject: made.subject,
    text: made.text,
    html: made.html,
    headers: listHeaders(made.category, made.off),
    link: made.link,
  };
  await db.change(
    tx,
    `INSERT INTO mails (id, kind, category, user_id, address_blind, content_sealed, created_at, expires_at)
     VALUES (:id, :kind, :category, :userId, CAST(:address AS bigint), :sealed, :now, :expiresAt)`,
    {
      id,
      kind: mail.template,
      category: made.category,
      userId: mail.to.userId,
      address: blindAddress(deps, mail.to.email),
      sealed: sealer.seal(contextOf(id), JSON.stringify(content)),
      now,
      expiresAt: addSeconds(now, mail.validSeconds),
    },
  );
  if (isMailOn(deps)) {
    tx.afterCommit(() => deps.jobs.enqueue('mails.send', { mailId: id }));
  }
}

/** Sends one mail and removes its row. Does nothing when it is gone or has expired; only removes it where it is not wanted any more. */
async function sendMail(deps: Deps, mailId: string): Promise<void> {
  const { db, env, sealer, clock } = deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<MailRow>(tx, 'SELECT * FROM mails WHERE id = :mailId AND expires_at > :now', { mailId, now: clock.now() }),
  );
  if (row === undefined || env.CARMIC_SMTP_URL === undefined) {
    return;
  }
  const content = contentSchema.parse(JSON.parse(sealer.open(contextOf(row.id), row.content_sealed)));
  const isWanted = await db.asSystem((tx) => mayReceive(deps, tx, { category: row.category, userId: row.user_id, email: content.to }));
  if (isWanted) {
    try {
      await sendByServer(deps, content);
    } catch (error) {
      if (!isRefusedForGood(error)) {
        throw error;
      }
      // The server knows that this address takes no mail: trying again would be refused again.
      await db.asSystem((tx) => countBounce(deps, tx, content.to));
      deps.log.warn({ mailId }, 'a mail was refused for good');
    }
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

/** Wakes mails whose job was lost between the commit and the queue. */
export async function nudgeMails(deps: Deps): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const now = deps.clock.now();
  const waiting = await deps.db.asSystem((tx) =>
    deps.db.rows<{ id: string }>(
      tx,
      'SELECT id FROM mails WHERE created_at <= :since AND expires_at > :now ORDER BY created_at LIMIT 200',
      {
        now,
        since: addSeconds(now, -lostNudgeSeconds),
      },
    ),
  );
  for (const { id } of waiting) {
    await deps.jobs.enqueue('mails.send', { mailId: id });
  }
}

/** Tells the job runner how mails are sent. */
export function defineMailJobs(deps: Deps): void {
  deps.jobs.define({
    name: 'mails.send',
    payload: z.object({ mailId: z.uuid() }),
    run: ({ mailId }) => sendMail(deps, mailId),
    maxAttempts: 8,
  });
}
