/** What people are told about their requests, and administrators about deadlines. Keeps: G6. */
import type { MailLanguage, PrivacyRequestKind } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { queueMail } from '../../mail/mail.ts';
import type { RequestLetter } from '../../mail/templates/mailText.ts';

const validSeconds = 7 * 24 * 3600;

/** Sends one of the letters; without an address or a mail server nothing. */
export async function tellPerson(
  deps: Deps,
  tx: Tx,
  { kind, letter, reason, to }: { to: string | null; letter: RequestLetter; kind: PrivacyRequestKind; reason?: string },
): Promise<void> {
  if (to === null || to.endsWith('.invalid')) {
    return;
  }
  const [person] = await deps.db.rows<{ name: string; mail_language: MailLanguage }>(
    tx,
    'SELECT name, mail_language FROM users WHERE lower(email) = lower(:to)',
    {
      to,
    },
  );
  await queueMail(deps, tx, {
    template: 'privacy_request',
    data: { letter, kind, reason: reason ?? '' },
    // To the address, not to the account: the answer to an erasure must not go with it.
    to: { email: to, name: person?.name ?? '', userId: null },
    language: person?.mail_language ?? 'en',
    validSeconds,
  });
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
    const admins = await db.rows<{ id: string; email: string; name: string }>(
      tx,
      "SELECT id, email, name FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person'",
    );
    const days = due.map(({ deadline_at: at }) => at.toISOString().slice(0, 10)).sort();
    for (const { id, email, name } of admins.filter((each) => !each.email.endsWith('.invalid'))) {
      await queueMail(deps, tx, {
        template: 'privacy_due',
        data: { requests: due.length, first: days[0] ?? '' },
        to: { email, name, userId: id },
        validSeconds,
      });
    }
  });
}
