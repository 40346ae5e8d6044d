import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { isMailOn } from '../mail/mail.ts';
import { queueToOwners } from '../retention/mails.ts';
import type { BillingMail } from './standing.ts';

/** Tells the owners of a workspace of a change of state. The caller has just written it. */
export async function mailBilling(deps: Deps, tx: Tx, workspaceId: string, kind: BillingMail, invoiceUrl: string | null): Promise<void> {
  if (!isMailOn(deps)) {
    return;
  }
  const isOwed = kind === 'payment_failed' || kind === 'confirmation_needed';
  await queueToOwners(deps, tx, workspaceId, {
    template: 'billing_change',
    data: { change: kind, invoiceUrl: isOwed ? invoiceUrl : null },
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
        await queueToOwners(deps, tx, workspaceId, { template: 'billing_budget', data: { minutes } });
      }
    });
  }
}
