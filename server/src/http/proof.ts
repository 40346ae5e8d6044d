/**
 * Who is calling is asked of the database for every request, so that ending a session, a membership or an account holds at once. Pages that
 * are asked for often save that way of its own: the caller is remembered from the last request, and the question travels in one message with
 * what is read. Nothing is answered, and nobody refused, unless the database has just said the same of the caller; otherwise the request begins anew.
 */
import type { Deps } from '../deps.ts';
import type { Reading, Readings } from '../db/reader.ts';
import type { Actor, Person } from './request.ts';

/** What is remembered of the caller is not so any more. */
export class NotProven extends Error {}

/** Reads for a caller, and proves who it is where that is only remembered. Throws NotProven. */
export async function readProven<R extends readonly object[]>(
  deps: Deps,
  person: Person,
  readings: Readings<R>,
): Promise<{ [K in keyof R]: R[K][] }> {
  const { proof } = person;
  if (proof === undefined) {
    return deps.db.read<R>(readings);
  }
  const all = [proof.reading, ...(readings as unknown as readonly Reading[])];
  const [rows = [], ...found] = await deps.db.read<object[]>(all);
  if (!proof.holds(rows)) {
    throw new NotProven('The caller is not who was remembered.');
  }
  proof.isProven = true;
  return found as unknown as { [K in keyof R]: R[K][] };
}

/** Whether a caller is remembered and not proven yet. */
export const isOnlyRemembered = (actor: Actor): boolean => actor.kind === 'person' && actor.proof?.isProven === false;

/** Throws when a caller who is only remembered was to be answered without proof: a mistake of ours, which must not pass. */
export function requireProof(actor: Actor): void {
  if (isOnlyRemembered(actor)) {
    throw new Error('A caller who is only remembered was not proven before the answer.');
  }
}
