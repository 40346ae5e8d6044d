import type { Lease } from '@carmic/contract';
import type { Logger } from 'pino';
import { withRetry } from './retry.ts';
import { isLeaseLost, type RenewReply, type ServerClient } from './serverClient.ts';

/** Why a task ends before its work is done. Carried as the reason of the abort signal. */
export class LeaseEnded extends Error {
  override readonly name = 'LeaseEnded';
  readonly why: 'lost' | 'cancelled' | 'draining';

  constructor(why: LeaseEnded['why']) {
    super(`The lease ended: ${why}.`);
    this.why = why;
  }
}

export interface LeaseKeeper {
  /** Tells how far the task is; the next renewal carries it. */
  report(share: number, note: string): void;
  stop(): void;
}

export interface KeepLeaseOptions {
  client: ServerClient;
  lease: Lease;
  renewSeconds: number;
  /** Ends the renewing; aborted with LeaseEnded by `end`. */
  signal: AbortSignal;
  /** Called at most once, when the server says that the lease is over. */
  end: (reason: LeaseEnded) => void;
  onRenewed: (reply: RenewReply) => void;
  log: Logger;
}

/**
 * Renews a lease until it is stopped, and answers when the first renewal has succeeded: nothing may start before.
 *
 * A server that cannot be reached ends nothing. Whether a lease is still ours after it should have run out is the server's to say,
 * and until it does, the work goes on. Rejects with LeaseEnded when the first renewal says that it is over already.
 */
export async function keepLease(options: KeepLeaseOptions): Promise<LeaseKeeper> {
  const { client, lease, renewSeconds, signal, end, onRenewed, log } = options;
  const stopping = new AbortController();
  const until = AbortSignal.any([signal, stopping.signal]);
  let progress = 0;
  let note = 'Starting';
  const renew = async () => {
    const reply = await withRetry(() => client.renew(lease, progress, note, until), {
      signal: until,
      maxPauseMs: Math.min(2000, renewSeconds * 1000),
      onRetry: (error, attempt) => log.warn({ err: error, attempt }, 'the server does not answer; the work goes on'),
    });
    if (reply.isCancelled) {
      throw new LeaseEnded('cancelled');
    }
    onRenewed(reply);
  };
  try {
    await renew();
  } catch (error) {
    throw isLeaseLost(error) ? new LeaseEnded('lost') : error;
  }
  const loop = async () => {
    while (!until.aborted) {
      await pause(renewSeconds * 1000, until);
      if (!until.aborted) {
        await renew();
      }
    }
  };
  loop().catch((error: unknown) => {
    if (until.aborted) {
      return;
    }
    if (!(error instanceof LeaseEnded) && !isLeaseLost(error)) {
      log.error({ err: error }, 'the server refuses to renew the lease; the task is given up');
    }
    end(error instanceof LeaseEnded ? error : new LeaseEnded('lost'));
  });
  return {
    report(share, text) {
      progress = Math.max(progress, Math.min(1, share));
      note = text;
    },
    stop: () => stopping.abort(),
  };
}

/** Waits; an abort ends the wait without an error. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) {
      done();
    }
  });
}
