/** Whom session tokens belonged to at their last request: see http/proof.ts. Keyed by the hash of the token; a token itself is not kept. */
import type { Person } from '../http/request.ts';

const most = 2000;

export interface RememberedPeople {
  find(tokenHash: Buffer, workspaceId: string | null): Remembered | null;
  keep(tokenHash: Buffer, workspaceId: string | null, remembered: Remembered): void;
  forget(tokenHash: Buffer, workspaceId: string | null): void;
}

/** A person, what the database said of them, word for word, and when the use of their session was written down last. */
export interface Remembered {
  person: Person;
  said: string;
  lastSeenAt: Date;
}

/** Builds it. Those who were not seen lately are forgotten when there are many. */
export function createRememberedPeople(): RememberedPeople {
  const people = new Map<string, Remembered>();
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
