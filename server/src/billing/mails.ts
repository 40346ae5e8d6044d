import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { isMailOn, queueMail } from '../mail/mail.ts';
import { queueToOwners } from '../retention/mails.ts';
import type { BillingMail } from './standing.ts';

<<<<<<< HEAD
=======
/** What each mail says; the page of an open invoice comes last where there is one. */
const texts: Readonly<Record<BillingMail, { subject: string; lines: readonly string[] }>> = {
  started: { subject: 'Your plan has started', lines: ['Thank you: the plan of this workspace is in force now.'] },
  payment_failed: {
    subject: 'A payment did not work',
    lines: [
      'The payment for the plan of this workspace did not work: the card was refused, or the bank wants you to confirm it.',
      'The plan stays in force while it is tried again, and everything can be read and downloaded.',
    ],
  },
  confirmation_needed: {
    subject: 'A payment waits for your confirmation',
    lines: ['Your bank wants you to confirm the payment. The plan starts as soon as that is done.'],
  },
  settled: {
    subject: 'The payment has arrived',
    lines: ['The open payment for the plan of this workspace has arrived. Nothing else changes.'],
  },
  lapsed: {
    subject: 'Your plan has ended',
    lines: [
      'The plan of this workspace has ended, and the one without costs applies to new work.',
      'Nothing of what you have is deleted for 14 days because of that, and all of it can be downloaded. You are told again 7 days and one day before anything goes.',
      'A plan that starts before then keeps it.',
    ],
  },
};

>>>>>>> 69eeb08 (Charge-back: a ledger of storage, departments, renderings that a plan may count, seats by use; refunds and disputes are fetched and told of; dunning by tries)
/** Tells the owners of a workspace of a change of state. The caller has just written it. */
export async function mailBilling(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  kind: BillingMail,
  { invoiceUrl, nextAttemptAt }: { invoiceUrl: string | null; nextAttemptAt: Date | null },
): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const isOwed = kind === 'payment_failed' || kind === 'confirmation_needed';
  await queueToOwners(deps, tx, workspaceId, {
<<<<<<< HEAD
    template: 'billing_change',
    data: { change: kind, invoiceUrl: isOwed ? invoiceUrl : null },
=======
    subject,
    lines: [
      ...lines,
      ...(kind === 'payment_failed' ? [nextTry(nextAttemptAt)] : []),
      '',
      ...(isOwed ? [`The invoice, on a page of Stripe: ${invoiceUrl}`] : []),
      `Plan and invoices: ${deps.baseUrl()}/#/billing`,
    ],
>>>>>>> 69eeb08 (Charge-back: a ledger of storage, departments, renderings that a plan may count, seats by use; refunds and disputes are fetched and told of; dunning by tries)
  });
}

function nextTry(at: Date | null): string {
  return at === null
    ? 'This was the last try: pay the invoice before the plan ends, or begin anew afterwards.'
    : `It is tried again on ${at.toISOString().slice(0, 10)}. Another card, or the payment itself, is welcome before that.`;
}

/** Tells the owners of a workspace something about its money. */
export async function mailOwners(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  mail: { subject: string; lines: readonly string[] },
): Promise<void> {
  if (isMailOn(deps)) {
    await queueToOwners(deps, tx, workspaceId, { ...mail, lines: [...mail.lines, '', `Plan and invoices: ${deps.baseUrl()}/#/billing`] });
  }
}

/** A report that waits for a mail server for so long is read in the console. */
const validSeconds = 3 * 24 * 3600;

/** Tells the administrators of the installation something about its money. */
export async function mailAdministrators(deps: Deps, tx: Tx, mail: { subject: string; lines: readonly string[] }): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const people = await deps.db.rows<{ email: string; name: string }>(
    tx,
    "SELECT email, name FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person' AND email NOT LIKE '%.invalid' ORDER BY id",
  );
  for (const { email, name } of people) {
    await queueMail(deps, tx, {
      kind: 'billing',
      content: {
        to: email,
        subject: `${mail.subject} (${deps.env.CARMIC_INSTANCE_NAME})`,
        text: [`Hello ${name},`, '', ...mail.lines, '', `All of it: ${deps.baseUrl()}/#/plans`, ''].join('\n'),
        link: null,
      },
      validSeconds,
    });
  }
}

/** Tells owners once a month that the budget they set is reached. */
export async function mailBudgets(deps: Deps): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const { db } = deps;
  const due = await db.asSystem((tx) =>
    db.rows<{ workspace_id: string; alert_minutes: number }>(
      tx,
      `SELECT workspace_id, alert_minutes FROM usage_budgets WHERE alerted_month IS NOT NULL AND mailed_month IS DISTINCT FROM alerted_month
         AND alert_minutes IS NOT NULL LIMIT 200`,
    ),
  );
  for (const { workspace_id: workspaceId, alert_minutes: minutes } of due) {
    await db.asSystem(async (tx) => {
      const claimed = await db.change(
        tx,
        `UPDATE usage_budgets SET mailed_month = alerted_month WHERE workspace_id = :workspaceId AND mailed_month IS DISTINCT FROM alerted_month`,
        { workspaceId },
      );
      if (claimed === 1) {
        await queueToOwners(deps, tx, workspaceId, { template: 'billing_budget', data: { minutes } });
      }
    });
  }
}
