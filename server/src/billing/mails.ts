import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { isMailOn, queueMail } from '../mail/mail.ts';
import type { BillingReport } from '../mail/templates/mailText.ts';
import { queueToOwners } from '../retention/mails.ts';
import type { BillingMail } from './standing.ts';

/** What an open invoice that was not paid says of itself. */
interface OpenInvoice {
  invoiceUrl: string | null;
  nextAttemptAt: Date | null;
}

/** Tells the owners of a workspace of a change of state. The caller has just written it. */
export async function mailBilling(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  change: BillingMail,
  { invoiceUrl, nextAttemptAt }: OpenInvoice,
): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const isOwed = change === 'payment_failed' || change === 'confirmation_needed';
  await queueToOwners(deps, tx, workspaceId, {
    template: 'billing_change',
    data: { change, invoiceUrl: isOwed ? invoiceUrl : null, nextAttempt: nextAttemptAt?.toISOString().slice(0, 10) ?? null },
  });
}

/** Tells the owners of a workspace of money that went back to them. */
export async function mailRefund(deps: Deps, tx: Tx, workspaceId: string, data: { amount: number; currency: string }): Promise<void> {
  if (isMailOn(deps)) {
    await queueToOwners(deps, tx, workspaceId, { template: 'billing_refund', data });
  }
}

/** A report that waits for a mail server for so long is read in the console. */
const validSeconds = 3 * 24 * 3600;

/** Tells the administrators of the installation something about its money. */
export async function mailAdministrators(deps: Deps, tx: Tx, report: BillingReport): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const people = await deps.db.rows<{ id: string; email: string; name: string }>(
    tx,
    "SELECT id, email, name FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person' AND email NOT LIKE '%.invalid' ORDER BY id",
  );
  for (const { id, email, name } of people) {
    await queueMail(deps, tx, { template: 'billing_report', data: { report }, to: { email, name, userId: id }, validSeconds });
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
