/**
 * The erasure of a person: the account with everything that is theirs, a tombstone in the journal so that a restored backup does not bring them back,
 * and a signed receipt that says what went, what follows within a day, and what the law keeps. Keeps: G3.
 */
import { z } from 'zod';
import type { CanonicalValue } from '../../core/canonicalJson.ts';
import { eraseAccount } from '../../accounts/eraseAccount.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { journalPerson, nobodysWorkspace } from '../../retention/erasure/journal.ts';

/**
 * Erases a person in the caller's transaction. Answers the receipt; `buryPeople` belongs after the commit. Throws conflict
 * while a workspace would be left without an owner.
 */
export async function erasePerson(deps: Deps, tx: Tx, userId: string, actorId: string): Promise<string> {
  const { clock, db, receipts } = deps;
  const billed = await db.rows<{ customer_id: string; workspace_id: string }>(
    tx,
    `SELECT b.customer_id, b.workspace_id FROM billing_accounts b JOIN members m ON m.workspace_id = b.workspace_id
     WHERE m.user_id = :userId AND m.role = 'owner'`,
    { userId },
  );
  const [videos] = await db.rows<{ count: number }>(
    tx,
    `SELECT count(*)::integer AS count FROM videos v JOIN members m ON m.workspace_id = v.workspace_id AND m.user_id = :userId
     WHERE v.deleted_at IS NULL AND v.created_by = :userId`,
    { userId },
  );
  const erased = await eraseAccount(deps, tx, userId, actorId);
  await db.change(tx, `UPDATE privacy_requests SET contact_sealed = NULL, detail_sealed = NULL WHERE user_id = :userId`, { userId });
  await db.change(
    tx,
    `UPDATE privacy_request_log SET note_sealed = NULL WHERE request_id IN (SELECT id FROM privacy_requests WHERE user_id = :userId)`,
    { userId },
  );
  const own = new Set(erased.workspaceIds);
  const customers = billed.filter((row) => own.has(row.workspace_id)).map((row) => row.customer_id);
  const erasedAt = clock.now().toISOString();
  const body: Record<string, CanonicalValue> = {
    kind: 'person',
    personId: userId,
    erasedAt,
    account: 'deleted',
    workspaces: erased.workspaceIds,
    videosOfTheirs: videos?.count ?? 0,
    sessionsEnded: erased.sessions,
    keysDeleted: erased.apiKeys,
    mailsWithdrawn: erased.mails,
    invitationsDeleted: erased.invitations,
    content:
      'Refused to everybody at once; every file, version and cached copy is deleted within 24 hours, with a receipt for each deletion',
    events: 'The audit log names people by number only, and nothing leads from the number to the person any more; its chain stays valid',
    backups: 'A tombstone stands in the journal of deletions: a restore deletes again before it serves anything',
    speechAndErrorServices: 'Nothing to erase: requests to Deepgram opt out of keeping, and error reports name nobody',
    deletedAtStripe: customers.map((customer) => ({
      what: 'The customer, with address, tax numbers and cards; the subscription ends at once',
      customer,
      when: 'Within a day, or once an invoice that is still being paid is settled, within 14 days at most',
    })),
    keptByLaw: customers.map((customer) => ({ what: 'Invoices', where: 'Stripe', customer, why: 'Tax and commercial law' })),
  };
  const receipt = JSON.stringify(receipts.sign(body));
  await db.change(
    tx,
    `INSERT INTO erasures (id, workspace_id, scope, cause, requested_at, deadline_at, item_count, finished_at, receipt)
     VALUES (:id, :nobody, 'workspace', 'request', :now, :now, 0, :now, :receipt)`,
    { id: newId(), nobody: nobodysWorkspace, now: clock.now(), receipt },
  );
  return receipt;
}

const tombstoneSchema = z.object({ body: z.object({ personId: z.uuid(), erasedAt: z.iso.datetime(), workspaces: z.array(z.uuid()) }) });

/** Writes the tombstones that are not in the journal yet; asked after each erasure, and now and then for those that a fault kept back. */
export async function buryPeople(deps: Deps): Promise<void> {
  const rows = await deps.db.systemRows<{ id: string; receipt: string }>(
    'SELECT id, receipt FROM erasures WHERE workspace_id = :nobody AND journaled_at IS NULL AND receipt IS NOT NULL LIMIT 500',
    { nobody: nobodysWorkspace },
  );
  for (const { id, receipt } of rows) {
    const { erasedAt, personId, workspaces } = tombstoneSchema.parse(JSON.parse(receipt)).body;
    await journalPerson(deps, { erasureId: id, userId: personId, workspaceIds: workspaces, requestedAt: erasedAt });
    await deps.db.asSystem((tx) =>
      deps.db.change(tx, 'UPDATE erasures SET journaled_at = :now WHERE id = :id', { id, now: deps.clock.now() }),
    );
  }
}
