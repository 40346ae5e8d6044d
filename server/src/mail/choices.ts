/**
 * Which mails somebody gets, and the log of what they agreed to. Keeps: M1, M3. Marketing is off until somebody says yes, notices are on until
 * somebody says no, and what an account needs is always sent. Addresses are looked for by keyed hashes only.
 */
import { createHash } from 'node:crypto';
import { changeableCategories, type MailCategory, mailCategories, type MailLanguage, marketingCategories } from '@carmic/contract';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

export type ChoiceState = 'on' | 'off' | 'pending';
export type ConsentSource = 'sign_up' | 'registration' | 'account' | 'confirmation' | 'one_click' | 'complaint' | 'objection';

/** From this number of refusals on only what an account needs is tried. */
const bouncesUntilSilent = 2;

/** The keyed hash of an address, whatever its case. */
export function blindAddress({ sealer }: Pick<Deps, 'sealer'>, email: string): string {
  return sealer.blind('mail_addresses')(email.trim().toLowerCase());
}

/** Whether a mail may go out now. */
export async function mayReceive(
  deps: Deps,
  tx: Tx,
  { category, userId, email }: { category: MailCategory; userId: string | null; email: string },
): Promise<boolean> {
  const kind = mailCategories[category];
  if (kind === 'service') {
    return true;
  }
  const [address] = await deps.db.rows<{ bounces: number; complaints: number; is_blocked: boolean }>(
    tx,
    'SELECT bounces, complaints, is_blocked FROM mail_addresses WHERE address_blind = CAST(:blind AS bigint)',
    { blind: blindAddress(deps, email) },
  );
  const isSilent = address !== undefined && (address.is_blocked || address.bounces >= bouncesUntilSilent);
  if (isSilent || (kind === 'marketing' && (address?.complaints ?? 0) > 0)) {
    return false;
  }
  if (userId === null) {
    return kind === 'notice';
  }
  const state = (await choicesOf(deps, tx, userId)).get(category);
  return kind === 'marketing' ? state === 'on' && !(await hasObjected(deps, tx, userId)) : state !== 'off';
}

/** Whether somebody objected to marketing (GDPR, Article 21): that ends it whatever they agreed to. */
async function hasObjected(deps: Deps, tx: Tx, userId: string): Promise<boolean> {
  const rows = await deps.db.rows(tx, 'SELECT 1 FROM person_rights WHERE user_id = :userId AND marketing_objected_at IS NOT NULL', {
    userId,
  });
  return rows.length > 0;
}

/** What somebody chose, by kind of mail; what was never chosen is missing. */
export async function choicesOf(deps: Deps, tx: Tx, userId: string): Promise<Map<MailCategory, ChoiceState>> {
  const rows = await deps.db.rows<{ category: MailCategory; state: ChoiceState }>(
    tx,
    'SELECT category, state FROM mail_choices WHERE user_id = :userId',
    { userId },
  );
  return new Map(rows.map(({ category, state }) => [category, state]));
}

/** Writes a choice and its line of the log. A wording is kept once, named by what it says. Answers whether anything changed. */
export async function choose(
  deps: Deps,
  tx: Tx,
  choice: {
    userId: string;
    category: MailCategory;
    state: ChoiceState;
    source: ConsentSource;
    wording?: { language: MailLanguage; text: string } | undefined;
  },
): Promise<string | null> {
  const { db, clock } = deps;
  const now = clock.now();
  const { userId, category, state, source } = choice;
  const changed = await db.change(
    tx,
    `INSERT INTO mail_choices (user_id, category, state, changed_at) VALUES (:userId, :category, :state, :now)
     ON CONFLICT (user_id, category) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at
     WHERE mail_choices.state <> excluded.state`,
    { userId, category, state, now },
  );
  if (changed === 0) {
    return null;
  }
  const wordingId = choice.wording === undefined ? null : await keepWording(deps, tx, choice.wording);
  const id = newId();
  await db.change(
    tx,
    `INSERT INTO consent_log (id, user_id, category, state, source, wording_id, created_at)
     VALUES (:id, :userId, :category, :state, :source, :wordingId, :now)`,
    { id, userId, category, state, source, wordingId, now },
  );
  await deps.appendEvent(tx, {
    workspaceId: null,
    type: 'consent.changed',
    subjectId: userId,
    actorId: userId,
    data: { category, state, source, wordingId },
  });
  return id;
}

async function keepWording(deps: Deps, tx: Tx, { language, text }: { language: MailLanguage; text: string }): Promise<string> {
  const id = createHash('sha256').update(`${language}\n${text}`).digest('hex').slice(0, 16);
  await deps.db.change(
    tx,
    `INSERT INTO consent_wordings (id, language, text, first_used_at) VALUES (:id, :language, :text, :now) ON CONFLICT DO NOTHING`,
    { id, language, text, now: deps.clock.now() },
  );
  return id;
}

/** Ends every kind of mail in `categories` for a person; those that are off already stay so. */
export async function switchOff(deps: Deps, tx: Tx, userId: string, category: MailCategory | 'all', source: ConsentSource): Promise<void> {
  const [person] = await deps.db.rows(tx, 'SELECT 1 FROM users WHERE id = :userId FOR UPDATE', { userId });
  if (person === undefined) {
    return;
  }
  for (const each of changeableCategories) {
    if (category === 'all' || category === each) {
      await choose(deps, tx, { userId, category: each, state: 'off', source });
    }
  }
}

/** Ends marketing at once, as an objection to it does (GDPR, Article 21). */
export async function endMarketing(deps: Deps, tx: Tx, userId: string, source: ConsentSource): Promise<void> {
  for (const category of marketingCategories) {
    await switchOff(deps, tx, userId, category, source);
  }
}

/** Counts that an address took no mail. */
export async function countBounce(deps: Deps, tx: Tx, email: string): Promise<void> {
  await touchAddress(deps, tx, email, 'bounces = mail_addresses.bounces + 1', { bounces: 1 });
}

/** Keeps a complaint: no marketing goes to this address any more, and its owner's consent has ended. */
export async function countComplaint(deps: Deps, tx: Tx, email: string): Promise<void> {
  await touchAddress(deps, tx, email, 'complaints = mail_addresses.complaints + 1', { complaints: 1 });
  const [user] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM users WHERE lower(email) = lower(:email)', { email });
  if (user !== undefined) {
    await endMarketing(deps, tx, user.id, 'complaint');
  }
}

/** Somebody without an account wants no invitations. */
export async function blockAddress(deps: Deps, tx: Tx, email: string): Promise<void> {
  await touchAddress(deps, tx, email, 'is_blocked = true', { isBlocked: true });
}

async function touchAddress(
  deps: Deps,
  tx: Tx,
  email: string,
  change: string,
  first: { bounces?: number; complaints?: number; isBlocked?: boolean },
): Promise<void> {
  await deps.db.change(
    tx,
    `INSERT INTO mail_addresses (address_blind, bounces, complaints, is_blocked, changed_at)
     VALUES (CAST(:blind AS bigint), :bounces, :complaints, :isBlocked, :now)
     ON CONFLICT (address_blind) DO UPDATE SET ${change}, changed_at = :now`,
    {
      blind: blindAddress(deps, email),
      bounces: first.bounces ?? 0,
      complaints: first.complaints ?? 0,
      isBlocked: first.isBlocked ?? false,
      now: deps.clock.now(),
    },
  );
}
