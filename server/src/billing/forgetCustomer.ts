/**
 * The customer of a deleted workspace is deleted at Stripe as well: with it go the address, tax numbers and cards that were entered there. Keeps: G3.
 * Finished invoices stay there, because the law wants them kept; the receipt of the erasure says so.
 */
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import { requireStripe } from './accounts.ts';

/** An invoice that is still being paid keeps its customer for so long at most; without one the customer goes at once. */
const longestSeconds = 14 * 24 * 3600;

/** Deletes the customer of a workspace that is deleted. Does nothing for another one, and while something is owed. */
export async function forgetCustomer(deps: Deps, workspaceId: string, customerId: string): Promise<void> {
  const { db, clock } = deps;
  const stripe = requireStripe(deps);
  const [workspace] = await db.asSystem((tx) =>
    db.rows<{ deleted_at: Date | null }>(tx, 'SELECT deleted_at FROM workspaces WHERE id = :workspaceId', { workspaceId }),
  );
  if (workspace?.deleted_at === null) {
    return;
  }
  const isLate = workspace === undefined || workspace.deleted_at <= addSeconds(clock.now(), -longestSeconds);
  if (!isLate && (await stripe.listInvoices(customerId)).some(({ status }) => status === 'draft' || status === 'open')) {
    return;
  }
  await stripe.deleteCustomer(customerId);
  await db.asSystem(async (tx) => {
    const isFirst = await db.change(
      tx,
      `UPDATE billing_accounts SET customer_deleted_at = :now, card_brand = NULL, card_last_four = NULL, unpaid_invoice_url = NULL
       WHERE workspace_id = :workspaceId AND customer_id = :customerId AND customer_deleted_at IS NULL`,
      { workspaceId, customerId, now: clock.now() },
    );
    if (isFirst === 1) {
      await deps.appendEvent(tx, { workspaceId: workspace === undefined ? null : workspaceId, type: 'billing.customer_deleted' });
    }
  });
}
