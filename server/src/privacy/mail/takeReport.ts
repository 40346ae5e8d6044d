import type { Deps } from '../../deps.ts';
import { blindAddress, countBounce, countComplaint, endMarketing } from '../../mail/choices.ts';
import { readMailReport } from '../../mail/mailReports.ts';
import { openTarget } from '../../mail/unsubscribeLinks.ts';

/** Takes a mail that came back, or a complaint: marketing ends, and after a second return notices do, too. */
export function takeReport(deps: Deps, actorId: string, message: string) {
  const report = readMailReport(message);
  return deps.db.asSystem(async (tx) => {
    if (report.kind === 'bounce') {
      for (const email of report.emails) {
        await countBounce(deps, tx, email);
      }
    } else if (report.kind === 'complaint') {
      for (const email of report.emails) {
        await countComplaint(deps, tx, email);
      }
      const target = report.token === null ? null : openTarget(deps, report.token);
      if (target?.userId != null) {
        await endMarketing(deps, tx, target.userId, 'complaint');
      }
    }
    const addresses = Math.max(report.emails.length, report.kind === 'complaint' && report.token !== null ? 1 : 0);
    await deps.appendEvent(tx, { workspaceId: null, type: 'mail.reported', actorId, data: { kind: report.kind, addresses } });
    return { kind: report.kind, addresses };
  });
}

/** What is known of an address, looked for by its keyed hash; `forget` begins anew. */
export function findAddress(deps: Deps, email: string, forget: boolean) {
  const { db } = deps;
  const values = { blind: blindAddress(deps, email) };
  return db.asSystem(async (tx) => {
    if (forget) {
      await db.change(tx, 'DELETE FROM mail_addresses WHERE address_blind = CAST(:blind AS bigint)', values);
    }
    const [row] = await db.rows<{ bounces: number; complaints: number; is_blocked: boolean }>(
      tx,
      'SELECT bounces, complaints, is_blocked FROM mail_addresses WHERE address_blind = CAST(:blind AS bigint)',
      values,
    );
    return { bounces: row?.bounces ?? 0, complaints: row?.complaints ?? 0, isBlocked: row?.is_blocked ?? false };
  });
}
