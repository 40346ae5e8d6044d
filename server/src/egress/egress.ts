/**
 * The one way out of the server. Keeps: T1, T2. A host that no switched-on third party names is never contacted, nobody is called who is not in the
 * register, and each call is written down: when, for whom, about what, how many bytes, with which opt-out.
 */
import { StartError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type EgressScope, egressScope } from './egressScope.ts';
import { entryOf } from './register.ts';

/** One third party that the operator switched on. */
export interface Party {
  name: string;
  baseUrl: string;
}

/** One call, as it is written down. */
export interface EgressCall extends EgressScope {
  party: string;
  host: string;
  outcome: string;
  sentBytes: number;
  /** The opt-out that the call carried; null when there is none to carry. */
  optOut: string | null;
}

/** What stands around the way out: who is refused, and where calls are written down. */
export interface EgressWatch {
  /** Why a party may not be called now for a workspace (null: for nobody in particular), or null. */
  refusalOf(party: string, workspaceId: string | null): string | null;
  record(call: EgressCall): void;
}

export interface Egress {
  readonly parties: readonly Party[];
  /** `fetch` bound to one party. Every other origin is refused before a packet leaves, redirects included. */
  fetchFor(partyName: string): typeof globalThis.fetch;
  /**
   * Writes down a call that another way than `fetchFor` made, because it speaks another protocol or its address is a customer's setting:
   * the mail server and identity providers. It opens nothing.
   */
  note(call: Pick<EgressCall, 'party' | 'host' | 'outcome' | 'sentBytes'>): void;
  /** Whether a party is switched on and may be called now, for a workspace where one is named. */
  isOpen(party: string, workspaceId?: string | null): boolean;
  /** How many calls this process has made, by party and outcome. */
  tallies(): readonly CallTally[];
  /** Sets what stands around it; without, calls are only counted. */
  watch(watch: EgressWatch): void;
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

/** Builds the way out for the given parties. Throws StartError for one that is not in the register. */
export function createEgress(parties: readonly Party[], log: Log): Egress {
  const unknown = parties.find(({ name }) => entryOf(name) === null);
  if (unknown !== undefined) {
    throw new StartError(`The third party ${unknown.name} is not in the register (server/src/egress/register.ts) and is not called.`);
  }
  const counts = new Map<string, CallTally>();
  let watch: EgressWatch | null = null;
  const count = (party: string, outcome: string) => {
    const key = `${party} ${outcome}`;
    const tally = counts.get(key) ?? { party, outcome, count: 0 };
    counts.set(key, { ...tally, count: tally.count + 1 });
  };
  const refusalOf = (party: string, workspaceId: string | null) => watch?.refusalOf(party, workspaceId) ?? null;
  const origins = new Map(parties.map((party) => [party.name, new URL(party.baseUrl).origin]));
  return {
    parties,
    tallies: () => [...counts.values()],
    isOpen: (party, workspaceId = null) => origins.has(party) && refusalOf(party, workspaceId) === null,
    note(call) {
      count(call.party, call.outcome);
      watch?.record({ ...egressScope(), ...call, optOut: null });
    },
    watch(wanted) {
      watch = wanted;
    },
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
        const scope = egressScope();
        const refusal = refusalOf(partyName, scope.workspaceId);
        if (refusal !== null) {
          throw new EgressRefusedError(refusal);
        }
        const sent = measure(input, init);
        const started = performance.now();
        const note = (outcome: string) => {
          count(partyName, outcome);
          const optOut = entryOf(partyName)?.optOut?.(url) ?? null;
          watch?.record({ ...scope, party: partyName, host: url.host, outcome, sentBytes: sent.bytes(), optOut });
        };
        const response = await fetch(input, { ...init, ...sent.init, redirect: 'error' }).catch((error: unknown) => {
          note('failed');
          throw error;
        });
        note(`${Math.floor(response.status / 100)}xx`);
        log.info({ party: partyName, status: response.status, ms: Math.round(performance.now() - started) }, 'outgoing call');
        return response;
      };
    },
  };
}

/** Counts the bytes of a body, also of one that is only read while it goes. */
function measure(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): { init: RequestInit; bytes: () => number } {
  const body = init?.body ?? (input instanceof Request ? null : undefined);
  if (body instanceof ReadableStream) {
    let bytes = 0;
    const counted = (body as ReadableStream<Uint8Array>).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.byteLength;
          controller.enqueue(chunk);
        },
      }),
    );
    return { init: { body: counted }, bytes: () => bytes };
  }
  const size = sizeOf(body) ?? Number(new Headers(input instanceof Request ? input.headers : init?.headers).get('content-length') ?? 0);
  return { init: {}, bytes: () => size };
}

/** Bytes of a body that is whole; null of one that is only read while it goes, and of none. */
export function sizeOf(body: unknown): number | null {
  if (typeof body === 'string') {
    return Buffer.byteLength(body);
  }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return body.byteLength;
  }
  if (body instanceof Blob) {
    return body.size;
  }
  return body instanceof URLSearchParams ? Buffer.byteLength(body.toString()) : null;
}
