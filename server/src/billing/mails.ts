import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { isMailOn } from '../mail/mail.ts';
import { queueToOwners } from '../retention/mails.ts';
import type { BillingMail } from './standing.ts';

/** What each mail says; the page of an open invoice comes last where there is one. */
const texts: Readonly<Record<BillingMail, { subject: string; lines: readonly string[] }>> = {
  started: { subject: 'Your plan has started', lines: ['Thank you: the plan of this workspace is in force now.'] },
  payment_failed: {
    subject: 'A payment did not work',
    lines: [
      'The payment for the plan of this workspace did not work. It is tried again in the next days.',
      'Nothing changes until then: the plan stays in force, and everything can be read and downloaded.',
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

/** Tells the owners of a workspace of a change of state. The caller has just written it. */
export async function mailBilling(deps: Deps, tx: Tx, workspaceId: string, kind: BillingMail, invoiceUrl: string | null): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const { subject, lines } = texts[kind];
  const isOwed = invoiceUrl !== null && (kind === 'payment_failed' || kind === 'confirmation_needed');
  await queueToOwners(deps, tx, workspaceId, {
    subject,
    lines: [
      ...lines,
      '',
      ...(isOwed ? [`The invoice, on a page of Stripe: ${invoiceUrl}`] : []),
      `Plan and invoices: ${deps.baseUrl()}/#/billing`,
    ],
  });
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
        await queueToOwners(deps, tx, workspaceId, {
          subject: 'Your budget of minutes is reached',
          lines: [
            `${minutes} minutes of processing are used or reserved this month: the budget that this workspace set for itself.`,
            'Nothing stops because of it.',
            '',
            `What used it, and the budget: ${deps.baseUrl()}/#/account`,
          ],
        });
      }
    });
  }
}
