/** What people are told about their requests, and administrators about deadlines. Keeps: G6. */
import type { PrivacyRequestKind } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { queueMail } from '../../mail/mail.ts';

const validSeconds = 7 * 24 * 3600;

const names: Record<PrivacyRequestKind, string> = {
  access: 'a copy of your data',
  rectification: 'a correction of your data',
  restriction: 'restricting what is done with your data',
  objection: 'objecting to statistics and marketing',
  erasure: 'deleting your data',
  human_decision: 'a person’s decision',
};

export type Letter = 'received' | 'extended' | 'refused' | 'done' | 'unknown';

const letters: Record<Letter, (what: string, reason: string) => { subject: string; text: string }> = {
  received: (what) => ({
    subject: 'Your request has arrived',
    text: `Your request for ${what} has arrived. You get an answer within one month. We may have to make sure first that it is you who asks.`,
  }),
  extended: (what, reason) => ({
    subject: 'Your request takes longer',
    text: `Your request for ${what} takes longer than a month; you get an answer within three months of its arrival. The reason: ${reason}\n\nYou may complain to a supervisory authority.`,
  }),
  refused: (what, reason) => ({
    subject: 'Your request was not granted',
    text: `Your request for ${what} was not granted. The reason: ${reason}\n\nYou may complain to a supervisory authority, or go to court.`,
  }),
  done: (what) => ({
    subject: 'Your request is done',
    text: `Your request for ${what} is done. What can be fetched or changed is on the Privacy page of your account, while there is one.`,
  }),
  unknown: (what) => ({
    subject: 'Your request is done',
    text: `Your request for ${what} is done: no account has this address, and nothing is kept about it here.`,
  }),
};

/** Sends one of the letters; without an address or a mail server nothing. */
export async function tellPerson(
  deps: Deps,
  tx: Tx,
  { kind, letter, reason, to }: { to: string | null; letter: Letter; kind: PrivacyRequestKind; reason?: string },
): Promise<void> {
  if (to === null || to.endsWith('.invalid')) {
    return;
  }
  const { subject, text } = letters[letter](names[kind], reason ?? '');
  const content = { to, subject: `${subject} (${deps.env.CARMIC_INSTANCE_NAME})`, text, link: null };
  await queueMail(deps, tx, { kind: 'privacy', content, validSeconds });
}

/** Reminds administrators, once, of requests whose deadline is less than a week away. */
export async function remindOfRequests(deps: Deps): Promise<void> {
  const { clock, db } = deps;
  await db.asSystem(async (tx) => {
    const due = await db.rows<{ id: string; deadline_at: Date }>(
      tx,
      `UPDATE privacy_requests SET reminded_at = :now WHERE state = 'open' AND reminded_at IS NULL
         AND deadline_at < CAST(:now AS timestamptz) + interval '7 days' RETURNING id, deadline_at`,
      { now: clock.now() },
    );
    if (due.length === 0) {
      return;
    }
    for (const { id } of due) {
      await deps.appendEvent(tx, { workspaceId: null, type: 'privacy.request_due', subjectId: id });
    }
    const admins = await db.rows<{ email: string }>(
      tx,
      "SELECT email FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person'",
    );
    const days = due.map(({ deadline_at: at }) => at.toISOString().slice(0, 10)).sort();
    for (const { email } of admins.filter((each) => !each.email.endsWith('.invalid'))) {
      const text = `${due.length === 1 ? 'One request' : `${due.length} requests`} concerning personal data must be answered soon, the first by ${days[0] ?? ''}:\n${deps.baseUrl()}/#/privacy-requests`;
      const content = { to: email, subject: `Privacy requests are due (${deps.env.CARMIC_INSTANCE_NAME})`, text, link: null };
      await queueMail(deps, tx, { kind: 'privacy', content, validSeconds });
    }
  });
}
