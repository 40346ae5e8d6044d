/**
 * The nightly comparison with Stripe: every customer of ours is asked for, and every subscriber there who is missing here is taken in. What
 * differs is repaired, because a look takes over what Stripe says, and reported, because it means that events were lost.
 */
import type { BillingDetail, BillingFinding, BillingReconciliation } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { newId } from '../core/ids.ts';
import type { Deps } from '../deps.ts';
import type { BillingReport } from '../mail/templates/mailText.ts';
import { checkLedger } from '../plans/checkLedger.ts';
import { requireStripe } from './accounts.ts';
import { syncCatalogue } from './catalogue.ts';
import { compareMeters } from './compareMeters.ts';
import { compareIncidents } from './incidents.ts';
import { mailAdministrators } from './mails.ts';
import { refreshCustomer } from './refresh.ts';
import { pruneEvents } from './stripeEvents.ts';
import { closeAccount } from './subscribe.ts';

const everySeconds = 24 * 3600;
const batchSize = 200;
const maxFindings = 500;

interface ReconciliationRow {
  id: string;
  started_at: Date;
  finished_at: Date | null;
  checked: number;
  findings: BillingFinding[];
  failure: string | null;
}

function present(row: ReconciliationRow): BillingReconciliation {
  return {
    id: row.id,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    checked: row.checked,
    // Comparisons of earlier releases told of it in English alone.
    findings: row.findings.map((finding) => ({ ...finding, detail: (finding as { detail?: BillingDetail }).detail ?? null })),
    failure: row.failure,
  };
}

/** The last comparison; null before the first. */
export async function readLastReconciliation(deps: Deps): Promise<BillingReconciliation | null> {
  const [row] = await deps.db.asSystem((tx) =>
    deps.db.rows<ReconciliationRow>(tx, 'SELECT * FROM billing_reconciliations ORDER BY started_at DESC, id DESC LIMIT 1'),
  );
  return row === undefined ? null : present(row);
}

/** Starts a comparison: its row and the job that does it. */
export async function startBillingReconciliation(deps: Deps): Promise<BillingReconciliation> {
  requireStripe(deps);
  const id = newId();
  const [row] = await deps.db.asSystem((tx) =>
    deps.db.rows<ReconciliationRow>(tx, 'INSERT INTO billing_reconciliations (id, started_at) VALUES (:id, :now) RETURNING *', {
      id,
      now: deps.clock.now(),
    }),
  );
  if (row === undefined) {
    throw new Error('The comparison was not written.');
  }
  await deps.jobs.enqueue('billing.reconcile', { id });
  return present(row);
}

/** Starts the daily comparison when the last one is a day old. */
export async function reconcileBillingDaily(deps: Deps): Promise<void> {
  if (deps.stripe === null) {
    return;
  }
  const recent = await deps.db.asSystem((tx) =>
    deps.db.rows(tx, 'SELECT 1 FROM billing_reconciliations WHERE started_at > :since LIMIT 1', {
      since: addSeconds(deps.clock.now(), -everySeconds),
    }),
  );
  if (recent.length === 0) {
    await startBillingReconciliation(deps);
  }
}

/** Does one comparison and writes its report. */
export async function reconcileBilling(deps: Deps, id: string): Promise<void> {
  const { db, clock, log } = deps;
  const findings: BillingFinding[] = [];
  const note = (finding: BillingFinding) => {
    if (findings.length < maxFindings) {
      findings.push(finding);
    }
  };
  for (const { kind, text, planName, priceId } of (await syncCatalogue(deps, false)).differences) {
    if (kind !== 'not_sold') {
      const detail: BillingDetail = { code: `price_${kind}`, values: kind === 'unknown_plan' ? [] : [planName ?? '', priceId ?? ''] };
      note({ kind: 'price', subject: planName ?? '', text, detail, isRepaired: kind !== 'unknown_plan' });
    }
  }
  const checked = await compareCustomers(deps, note);
  for (const { subject, code, text } of await db.asSystem((tx) => checkLedger(deps, tx))) {
    const detail: BillingDetail = { code, values: [] };
    note({ kind: 'ledger', subject, text: `The ledger of minutes does not add up: ${text}.`, detail, isRepaired: false });
  }
  await compareMeters(deps, note);
  for (const { id: subject, kind, status } of await compareIncidents(deps)) {
    note({ kind, subject, text: `A ${kind} whose event was lost: ${status.replaceAll('_', ' ')}.`, detail: null, isRepaired: true });
  }
  await pruneEvents(deps);
  const before = await readFindingsBefore(deps, id);
  await db.asSystem(async (tx) => {
    const finished = await db.change(
      tx,
      `UPDATE billing_reconciliations SET finished_at = :now, checked = :checked, findings = CAST(:findings AS jsonb), failure = NULL
       WHERE id = :id AND finished_at IS NULL`,
      { id, now: clock.now(), checked, findings: JSON.stringify(findings) },
    );
    // What stays as it was is not told of every night.
    if (finished === 1 && findings.length > 0 && told(findings) !== told(before)) {
      await mailAdministrators(deps, tx, describe(findings));
    }
  });
  if (findings.length > 0) {
    log.warn({ reconciliationId: id, findings: findings.length }, 'subscriptions here and at Stripe differed');
  }
}

/** What the findings say, to be compared: the database keeps the keys of its JSON in an order of its own. */
function told(findings: readonly BillingFinding[]): string {
  return JSON.stringify(findings.map(({ kind, subject, text }) => [kind, subject, text]));
}

function describe(findings: readonly BillingFinding[]): BillingReport {
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  return {
    kind: 'differences',
    found: findings.length,
    open: findings.filter(({ isRepaired }) => !isRepaired).length,
    kinds: kinds.map((name) => ({ name, count: findings.filter(({ kind }) => kind === name).length })),
  };
}

async function readFindingsBefore(deps: Deps, id: string): Promise<BillingFinding[]> {
  const [row] = await deps.db.asSystem((tx) =>
    deps.db.rows<{ findings: BillingFinding[] }>(
      tx,
      'SELECT findings FROM billing_reconciliations WHERE id <> :id AND finished_at IS NOT NULL AND failure IS NULL ORDER BY finished_at DESC LIMIT 1',
      { id },
    ),
  );
  return row?.findings ?? [];
}

async function compareCustomers(deps: Deps, note: (finding: BillingFinding) => void): Promise<number> {
  const stripe = requireStripe(deps);
  const { db } = deps;
  let checked = 0;
  let after = '';
  const known = new Set<string>();
  for (;;) {
    const accounts = await db.asSystem((tx) =>
      db.rows<{ workspace_id: string; customer_id: string; is_deleted: boolean; is_forgotten: boolean }>(
        tx,
        `SELECT a.workspace_id, a.customer_id, w.id IS NULL OR w.deleted_at IS NOT NULL AS is_deleted,
           a.customer_deleted_at IS NOT NULL AS is_forgotten FROM billing_accounts a
         LEFT JOIN workspaces w ON w.id = a.workspace_id WHERE a.is_live = :isLive AND a.customer_id > :after ORDER BY a.customer_id LIMIT :batchSize`,
        { isLive: stripe.isLive, after, batchSize },
      ),
    );
    for (const { workspace_id: workspaceId, customer_id: customerId, is_deleted: isDeleted, is_forgotten: isForgotten } of accounts) {
      known.add(customerId);
      if (isForgotten) {
        continue;
      }
      checked += 1;
      if (isDeleted && (await closeAccount(deps, workspaceId))) {
        note({
          kind: 'deleted',
          subject: workspaceId,
          text: 'A deleted workspace was still subscribed: ended.',
          detail: null,
          isRepaired: true,
        });
      }
      if (isDeleted) {
        continue;
      }
      await compareOne(deps, customerId, 'drift', note);
    }
    after = accounts.at(-1)?.customer_id ?? '';
    if (accounts.length < batchSize) {
      break;
    }
  }
  for (const customerId of await stripe.listSubscribers()) {
    if (!known.has(customerId)) {
      await compareOne(deps, customerId, 'missing', note);
    }
  }
  return checked;
}

async function compareOne(
  deps: Deps,
  customerId: string,
  kind: 'drift' | 'missing',
  note: (finding: BillingFinding) => void,
): Promise<void> {
  const found = await refreshCustomer(deps, customerId);
  if (found === null) {
    const text = 'A subscriber at Stripe who belongs to no workspace here.';
    note({ kind: 'stranger', subject: customerId, text, detail: null, isRepaired: false });
    return;
  }
  if (found.changes.length > 0) {
    const text = `Stripe said otherwise: ${found.changes.join(', ')}.`;
    note({ kind, subject: found.workspaceId, text, detail: { code: 'fields', values: found.changes }, isRepaired: true });
  }
  for (const oddity of found.oddities) {
    note({ kind: 'oddity', subject: found.workspaceId, ...oddity, isRepaired: false });
  }
}

/** Ends a comparison that failed again and again, and tells administrators. */
export async function failBillingReconciliation(deps: Deps, id: string, failure: string): Promise<void> {
  await deps.db.asSystem(async (tx) => {
    const ended = await deps.db.change(
      tx,
      'UPDATE billing_reconciliations SET finished_at = :now, failure = :failure WHERE id = :id AND finished_at IS NULL',
      { id, failure, now: deps.clock.now() },
    );
    if (ended === 1) {
      await mailAdministrators(deps, tx, { kind: 'comparison_failed', failure });
    }
  });
}
