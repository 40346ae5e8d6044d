import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFault, type Lease, type OutputSlot, type TaskSpec } from '@carmic/contract';
import type { Logger } from 'pino';
import type { Run } from '../ffmpeg/run.ts';
import type { SourceServer } from '../media/sourceServer.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import { deliver } from './deliver.ts';
import { keepLease, LeaseEnded } from './keepLease.ts';
import { withRetry } from './retry.ts';
import { isLeaseLost, type ServerClient } from './serverClient.ts';

export interface LeaseDeps {
  client: ServerClient;
  sources: SourceServer;
  run: Run;
  runTask: (spec: TaskSpec, context: TaskContext) => Promise<TaskOutcome>;
  scratch: string;
  renewSeconds: () => number;
  /** Aborts when the agent drains: the task is handed back unharmed. */
  draining: AbortSignal;
  log: Logger;
}

/** Tries of the last word about a task; after that the lease runs out by itself, to the same effect. */
const lastWordTries = 8;

/**
 * Does one leased task from the first renewal to the last word: complete, fail, or release.
 *
 * When the lease is lost, cancelled or handed back, the process group is dead and the files are gone before this returns. Never throws
 * for a task that fails.
 */
export async function runLease(lease: Lease, deps: LeaseDeps): Promise<void> {
  const log = deps.log.child({ taskId: lease.taskId, attempt: lease.attempt, kind: lease.spec.kind });
  const over = new AbortController();
  const onDrain = () => over.abort(new LeaseEnded('draining'));
  deps.draining.addEventListener('abort', onDrain, { once: true });
  if (deps.draining.aborted) {
    onDrain();
  }
  const directory = join(deps.scratch, `${lease.taskId}-${lease.attempt}`);
  const startedAt = performance.now();
  try {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await work(lease, deps, directory, over, log);
    log.info({ seconds: (performance.now() - startedAt) / 1000 }, 'the task is done');
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    await conclude(lease, deps, error, log);
  } finally {
    deps.draining.removeEventListener('abort', onDrain);
    over.abort(new LeaseEnded('lost'));
    await rm(directory, { recursive: true, force: true });
  }
}

async function work(lease: Lease, deps: LeaseDeps, directory: string, over: AbortController, log: Logger): Promise<void> {
  const { spec } = lease;
  const source = deps.sources.open({ url: spec.source.url, sizeBytes: spec.source.sizeBytes, signal: over.signal });
  let slots: readonly OutputSlot[] = lease.outputs;
  try {
    const keeper = await keepLease({
      client: deps.client,
      lease,
      renewSeconds: deps.renewSeconds(),
      signal: over.signal,
      end: (reason) => over.abort(reason),
      onRenewed: (reply) => {
        slots = reply.outputs.length > 0 ? reply.outputs : slots;
        if (reply.sourceUrl !== null) {
          source.setUrl(reply.sourceUrl);
        }
      },
      log,
    });
    try {
      log.info('the task begins');
      const openSource = (file: { url: string; sizeBytes: number }) => deps.sources.open({ ...file, signal: over.signal });
      const context = { directory, source, openSource, run: deps.run, signal: over.signal, onProgress: keeper.report, log };
      const outcome = await deps.runTask(spec, context);
      over.signal.throwIfAborted();
      keeper.report(1, 'Storing the result');
      const outputs = await deliver({ files: outcome.files, slots: () => slots, signal: over.signal });
      // The last word is not bound to the lease: when it is lost by now, the server says so, and when it is not, the work counts.
      await withRetry(() => deps.client.complete(lease, outputs, outcome.result), {
        signal: new AbortController().signal,
        retries: lastWordTries * 4,
      });
    } finally {
      keeper.stop();
    }
  } finally {
    source.close();
  }
}

/** Says the last word about a task that did not get done. */
async function conclude(lease: Lease, deps: LeaseDeps, error: unknown, log: Logger): Promise<void> {
  if (isLeaseLost(error) || (error instanceof LeaseEnded && error.why === 'lost')) {
    log.warn('the lease is lost; everything of the task was removed');
    return;
  }
  try {
    if (error instanceof LeaseEnded) {
      log.info({ why: error.why }, 'the task is handed back');
      await lastWord(() => deps.client.release(lease), deps.draining.aborted ? 2 : lastWordTries);
      return;
    }
    const failure = toFailure(error);
    log.warn({ err: error, code: failure.code }, 'the task failed');
    if (failure.code === 'internal') {
      // A report that is lost is lost: the log has it.
      deps.client.reportFault(describeFault(error)).catch(() => undefined);
    }
    await lastWord(() => deps.client.fail(lease, failure), lastWordTries);
  } catch (refused) {
    if (!isLeaseLost(refused)) {
      log.warn({ err: refused }, 'the server was not told how the task ended; its lease runs out by itself');
    }
  }
}

function lastWord(say: () => Promise<void>, retries: number): Promise<void> {
  return withRetry(say, { signal: new AbortController().signal, retries, maxPauseMs: 1000 });
}

function toFailure(error: unknown): { code: TaskFailure['code']; message: string; isRetryable: boolean } {
  if (error instanceof TaskFailure) {
    return { code: error.code, message: error.message, isRetryable: error.isRetryable };
  }
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return { code: 'agent_disk_full', message: 'The disk of the agent is full.', isRetryable: true };
  }
  // The message of an unexpected error may hold a path or a URL; it stays in the agent's log.
  return { code: 'internal', message: 'The agent met an error it did not expect; its log has the details.', isRetryable: true };
}
