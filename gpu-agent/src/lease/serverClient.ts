import {
  type AgentLogLine,
  ApiError,
  type Capabilities,
  createClient,
  type DeliveredOutput,
  type Fault,
  type FailureCode,
  type Intervals,
  type Lease,
  type RouteReply,
  type TaskKind,
  type TaskResult,
} from '@carmic/contract';

export type RenewReply = RouteReply<'renewLease'>;
type Holder = Pick<Lease, 'taskId' | 'leaseToken'>;

/** The server, as the agent calls it. Every call may throw ApiError or a network error; `lease/retry.ts` says which to try again. */
export interface ServerClient {
  register(body: {
    enrolmentCode: string;
    name: string;
    version: string;
    capabilities: Capabilities;
  }): Promise<RouteReply<'registerAgent'>>;
  announce(body: { version: string; capabilities: Capabilities }): Promise<RouteReply<'announceAgent'>>;
  lease(kinds: readonly TaskKind[], waitSeconds: number, signal: AbortSignal): Promise<Lease | null>;
  renew(holder: Holder, progress: number, note: string, signal: AbortSignal): Promise<RenewReply>;
  complete(holder: Holder, outputs: DeliveredOutput[], result: TaskResult): Promise<void>;
  fail(holder: Holder, failure: { code: FailureCode; message: string; isRetryable: boolean }): Promise<void>;
  release(holder: Holder): Promise<void>;
  reportFault(fault: Fault): Promise<void>;
  sendLog(lines: AgentLogLine[]): Promise<void>;
}

export type { Intervals };

const callTimeoutMs = 30_000;
const renewTimeoutMs = 10_000;
/** An agent that ends waits for its last lines no longer. */
const logTimeoutMs = 3000;

/**
 * Makes the client. `token` is asked for at every call, because it comes with the registration; `onAccepted` hears of every call that
 * the server took, which is how others see that this agent can work: a revoked token and a server that is broken are answered too.
 */
export function createServerClient(baseUrl: string, token: () => string | null, onAccepted: () => void = () => undefined): ServerClient {
  const call = createClient({
    baseUrl,
    async fetch(input, init) {
      const reply = await fetch(input, init);
      if (reply.ok) {
        onAccepted();
      }
      return reply;
    },
    headers: () => {
      const current = token();
      return current === null ? {} : { authorization: `Bearer ${current}` };
    },
  });
  const timeout = (ms: number, signal?: AbortSignal) => ({
    signal: signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms),
  });
  return {
    register: (body) => call('registerAgent', { body }, timeout(callTimeoutMs)),
    announce: (body) => call('announceAgent', { body }, timeout(callTimeoutMs)),
    async lease(kinds, waitSeconds, signal) {
      const reply = await call(
        'createLease',
        { body: { kinds: [...kinds], waitSeconds } },
        timeout(waitSeconds * 1000 + callTimeoutMs, signal),
      );
      return reply.lease;
    },
    renew: ({ taskId, leaseToken }, progress, note, signal) =>
      call(
        'renewLease',
        { params: { id: taskId }, body: { leaseToken, progress, note: note.slice(0, 200) } },
        timeout(renewTimeoutMs, signal),
      ),
    complete: ({ taskId, leaseToken }, outputs, result) =>
      call('completeLease', { params: { id: taskId }, body: { leaseToken, outputs, result } }, timeout(callTimeoutMs)),
    fail: ({ taskId, leaseToken }, { code, message, isRetryable }) =>
      call(
        'failLease',
        { params: { id: taskId }, body: { leaseToken, code, message: message.slice(0, 2000), isRetryable } },
        timeout(callTimeoutMs),
      ),
    reportFault: (fault) => call('createAgentErrorReport', { body: fault }, timeout(renewTimeoutMs)),
    sendLog: (lines) => call('createAgentLogLines', { body: { lines } }, timeout(logTimeoutMs)),
    release: ({ taskId, leaseToken }) => call('releaseLease', { params: { id: taskId }, body: { leaseToken } }, timeout(callTimeoutMs)),
  };
}

/** Tells whether the server says that this lease is somebody else's, or nobody's, by now. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 'lease_lost' || error.status === 404 || error.status === 410);
}
