/** Whom session tokens and API keys belonged to at their last request: see http/proof.ts. Keyed by the hash of the token; a token itself is not kept. */
import type { Person } from '../http/request.ts';

const most = 2000;

export interface RememberedPeople<R> {
  find(tokenHash: Buffer, workspaceId: string | null): Remembered<R> | null;
  keep(tokenHash: Buffer, workspaceId: string | null, remembered: Remembered<R>): void;
  forget(tokenHash: Buffer, workspaceId: string | null): void;
}

/** A person, the row in which the database said who they are, that row in the words that are compared, and when the use of their credential was written down last. */
export interface Remembered<R> {
  person: Person;
  row: R;
  said: string;
  lastUsedAt: Date | null;
}

/** Builds it. Those who were not seen lately are forgotten when there are many. */
export function createRememberedPeople<R>(): RememberedPeople<R> {
  const people = new Map<string, Remembered<R>>();
  const keyOf = (tokenHash: Buffer, workspaceId: string | null) => `${tokenHash.toString('base64')} ${workspaceId ?? ''}`;
  return {
    find: (tokenHash, workspaceId) => people.get(keyOf(tokenHash, workspaceId)) ?? null,
    keep(tokenHash, workspaceId, remembered) {
      const key = keyOf(tokenHash, workspaceId);
      people.delete(key);
      people.set(key, remembered);
      const [oldest] = people.keys();
      if (people.size > most && oldest !== undefined) {
        people.delete(oldest);
      }
    },
    forget: (tokenHash, workspaceId) => void people.delete(keyOf(tokenHash, workspaceId)),
  };
}
