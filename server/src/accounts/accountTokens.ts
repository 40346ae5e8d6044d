/** Secrets that travel by mail or between two steps of a sign-in: only hashes are stored, each works once and for a limited time. */
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { AppError } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

export type TokenKind =
  | 'sign_on'
  | 'sign_on_outcome'
  | 'sign_up'
  | 'reset_password'
  | 'change_email'
  | 'second_factor'
  | 'passkey_sign_in'
  | 'passkey_registration';

/** How long each kind works. */
export const tokenSeconds: Record<TokenKind, number> = {
  // People may have to find their phone at the provider.
  sign_on: 900,
  sign_on_outcome: 120,
  sign_up: 24 * 3600,
  reset_password: 3600,
  change_email: 24 * 3600,
  second_factor: 300,
  passkey_sign_in: 300,
  passkey_registration: 300,
};
const maxAttempts = 5;

/** Makes a token with data that only its use brings back. */
export async function createToken(
  deps: Deps,
  tx: Tx,
  token: { kind: TokenKind; userId: string | null; data?: Record<string, unknown>; validSeconds?: number },
): Promise<{ token: string; expiresAt: Date }> {
  const { db, clock, sealer } = deps;
  const id = newId();
  const secret = newSecret(`carmic_${token.kind}`);
  const now = clock.now();
  const expiresAt = addSeconds(now, token.validSeconds ?? tokenSeconds[token.kind]);
  await db.change(
    tx,
    `INSERT INTO account_tokens (id, kind, user_id, token_hash, data_sealed, expires_at, created_at)
     VALUES (:id, :kind, :userId, :hash, :data, :expiresAt, :now)`,
    {
      id,
      kind: token.kind,
      userId: token.userId,
      hash: hashSecret(secret),
      data: token.data === undefined ? null : sealer.seal(`account_tokens.data:${id}`, JSON.stringify(token.data)),
      expiresAt,
      now,
    },
  );
  return { token: secret, expiresAt };
}

interface TokenRow {
  id: string;
  user_id: string | null;
  data_sealed: Buffer | null;
}

function present(deps: Deps, row: TokenRow): { userId: string | null; data: Record<string, unknown> } {
  const data =
    row.data_sealed === null
      ? {}
      : (JSON.parse(deps.sealer.open(`account_tokens.data:${row.id}`, row.data_sealed)) as Record<string, unknown>);
  return { userId: row.user_id, data };
}

const ended = () => new AppError('gone', 'This link or step was used or has expired: begin again.');

/** Uses a token up. Throws gone when it never was, was used, or has expired. */
export async function useToken(deps: Deps, tx: Tx, kind: TokenKind, token: string) {
  const [row] = await deps.db.rows<TokenRow>(
    tx,
    'DELETE FROM account_tokens WHERE token_hash = :hash AND kind = :kind AND expires_at > :now RETURNING id, user_id, data_sealed',
    { hash: hashSecret(token), kind, now: deps.clock.now() },
  );
  if (row === undefined) {
    throw ended();
  }
  return present(deps, row);
}

/** Looks into a token and counts the attempt; the fifth is the last. Throws gone like `useToken`. */
export async function tryToken(deps: Deps, kind: TokenKind, token: string) {
  const { db, clock } = deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<TokenRow>(
      tx,
      `UPDATE account_tokens SET attempts = attempts + 1
       WHERE token_hash = :hash AND kind = :kind AND expires_at > :now AND attempts < :maxAttempts RETURNING id, user_id, data_sealed`,
      { hash: hashSecret(token), kind, now: clock.now(), maxAttempts },
    ),
  );
  if (row === undefined) {
    throw ended();
  }
  return present(deps, row);
}

/** Removes what has expired: tokens, invitations, mails nobody handed over, ended sessions and keys. */
export async function sweepAccounts(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  await db.asSystem(async (tx) => {
    // Steps of sign-ins stay for a while: their wrong codes are counted.
    await db.change(tx, "DELETE FROM account_tokens WHERE expires_at <= :anHourAgo OR (kind <> 'second_factor' AND expires_at <= :now)", {
      now,
      anHourAgo: addSeconds(now, -3600),
    });
    for (const table of ['invitations', 'mails', 'sessions', 'sign_in_links', 'api_keys']) {
      await db.change(tx, `DELETE FROM ${table} WHERE expires_at <= :now`, { now });
    }
    // A key whose first request never ended (a crash) is freed after ten minutes; answers are kept for a day.
    await db.change(
      tx,
      'DELETE FROM idempotency_keys WHERE created_at <= :yesterday OR (reply_sealed IS NULL AND created_at <= :justNow)',
      { yesterday: addSeconds(now, -24 * 3600), justNow: addSeconds(now, -600) },
    );
  });
}
