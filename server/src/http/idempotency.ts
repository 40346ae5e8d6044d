import { createHash } from 'node:crypto';
import type { RouteName } from '@carmic/contract';
import { equalBytes } from '../core/crypto.ts';
import { AppError, invalidInput } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import type { Person } from './request.ts';

interface KeyRow {
  request_hash: Buffer;
  reply_sealed: Buffer | null;
}

/**
 * Answers a repeated request that creates or changes something with the first answer. `key` is the caller's `Idempotency-Key`; the same key with another
 * body is refused with idempotency_mismatch, and one whose first request is still running with conflict.
 */
export async function once(
  deps: Deps,
  request: { actor: Pick<Person, 'workspaceId' | 'userId'>; route: RouteName; key: string; body: unknown; params: unknown },
  work: () => Promise<unknown>,
): Promise<unknown> {
  const { db, sealer, clock } = deps;
  const { route, key } = request;
  const { workspaceId, userId } = request.actor;
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw invalidInput('Idempotency-Key must be 1 to 200 visible ASCII characters.');
  }
  // Keyed, because a change may hold a secret that could be guessed.
  const blind = sealer.blind('idempotency_keys.request_hash');
  const requestHash = createHash('sha256')
    .update(blind(JSON.stringify([userId, request.params, request.body])))
    .digest();
  const row = { workspaceId, route, key };
  const context = `idempotency_keys.reply:${workspaceId}:${route}:${key}`;

  const earlier = await db.inWorkspace(workspaceId, async (tx) => {
    const inserted = await db.change(
      tx,
      `INSERT INTO idempotency_keys (workspace_id, route, key, request_hash, created_at)
       VALUES (:workspaceId, :route, :key, :requestHash, :now) ON CONFLICT DO NOTHING`,
      { ...row, requestHash, now: clock.now() },
    );
    if (inserted === 1) {
      return null;
    }
    const [found] = await db.rows<KeyRow>(
      tx,
      'SELECT request_hash, reply_sealed FROM idempotency_keys WHERE workspace_id = :workspaceId AND route = :route AND key = :key',
      row,
    );
    return found ?? null;
  });
  if (earlier !== null) {
    if (!equalBytes(earlier.request_hash, requestHash)) {
      throw new AppError('idempotency_mismatch', 'This Idempotency-Key was used with another request: take a new one.');
    }
    if (earlier.reply_sealed === null) {
      throw new AppError('conflict', 'The first request with this Idempotency-Key is still running: ask again shortly.', {
        retryAfterSeconds: 2,
      });
    }
    return (JSON.parse(sealer.open(context, earlier.reply_sealed)) as unknown) ?? undefined;
  }
  const where = 'WHERE workspace_id = :workspaceId AND route = :route AND key = :key';
  try {
    const reply = await work();
    const replySealed = sealer.seal(context, JSON.stringify(reply ?? null));
    await db.inWorkspace(workspaceId, (tx) =>
      db.change(tx, `UPDATE idempotency_keys SET reply_sealed = :replySealed ${where}`, { ...row, replySealed }),
    );
    return reply;
  } catch (error) {
    await db.inWorkspace(workspaceId, (tx) => db.change(tx, `DELETE FROM idempotency_keys ${where}`, row));
    throw error;
  }
}
