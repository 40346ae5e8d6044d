/** The one way out of the server. Keeps: T1, T2. A host that no switched-on third party names is never contacted. */
import { StartError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** One third party that the operator switched on. */
export interface Party {
  name: string;
  baseUrl: string;
}

export interface Egress {
  readonly parties: readonly Party[];
  /** `fetch` bound to one party: any other origin is refused before a packet leaves, redirects included. */
  fetchFor(partyName: string): typeof globalThis.fetch;
  /** How many calls this process has made, by party and outcome. */
  tallies(): readonly CallTally[];
}

/** Calls of one party that ended alike. */
export interface CallTally {
  party: string;
  /** `2xx` to `5xx`, or `failed` when there was no answer. */
  outcome: string;
  count: number;
}

export class EgressRefusedError extends Error {
  override readonly name = 'EgressRefusedError';
}

/** Builds the way out for the given parties. */
export function createEgress(parties: readonly Party[], log: Log): Egress {
  const counts = new Map<string, CallTally>();
  const count = (party: string, outcome: string) => {
    const key = `${party} ${outcome}`;
    const tally = counts.get(key) ?? { party, outcome, count: 0 };
    counts.set(key, { ...tally, count: tally.count + 1 });
  };
  const origins = new Map(parties.map((party) => [party.name, new URL(party.baseUrl).origin]));
  return {
    parties,
    tallies: () => [...counts.values()],
    fetchFor(partyName) {
      const origin = origins.get(partyName);
      if (origin === undefined) {
        throw new StartError(`The third party ${partyName} is not switched on.`);
      }
      return async (input, init) => {
        const url = new URL(input instanceof Request ? input.url : input);
        if (url.origin !== origin) {
          throw new EgressRefusedError(`A call to ${url.origin} was refused: ${partyName} is registered at ${origin}.`);
        }
        const started = performance.now();
        const response = await fetch(input, { ...init, redirect: 'error' }).catch((error: unknown) => {
          count(partyName, 'failed');
          throw error;
        });
        count(partyName, `${Math.floor(response.status / 100)}xx`);
        log.info({ party: partyName, status: response.status, ms: Math.round(performance.now() - started) }, 'outgoing call');
        return response;
      };
    },
  };
}
