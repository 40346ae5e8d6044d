/**
 * When to stop, and in which order.
 *
 * The first Ctrl-C (or SIGTERM, or the death of the npm that started us) asks for an ordered shutdown; the second forces it. npm passes
 * on a Ctrl-C that the terminal has already sent us, so a second signal counts only after a moment.
 */
import { commandOf, isAlive, parentOf } from './processes.ts';
import { exitCodes } from './startFailure.ts';

export interface Stopping {
  /** Aborted when a stop was asked for. */
  readonly signal: AbortSignal;
  /** Resolves when a stop was asked for. */
  readonly requested: Promise<void>;
  /** Asks for a stop from inside. */
  request(): void;
  /** Registers what has to be undone; the latest is undone first. `force` is what a forced exit does instead. */
  onStop(label: string, stop: () => Promise<void>, force?: () => void): void;
  /** Undoes everything in order; errors are handed to `report` and do not keep the rest from being undone. */
  unwind(report: (label: string, error: unknown) => void): Promise<void>;
  /** Takes the signal handlers away. */
  dispose(): void;
}

const echoMs = 400;
const parentCheckMs = 500;

/** Listens for the reasons to stop. `parentPid` is the npm above us, if there is one. */
export function createStopping(parentPid: number | null, say: (text: string) => void): Stopping {
  const controller = new AbortController();
  const steps: { label: string; stop: () => Promise<void>; force: (() => void) | undefined }[] = [];
  let askedAt = 0;

  const forceExit = () => {
    for (const step of steps.reverse()) {
      step.force?.();
    }
    process.exit(exitCodes.interrupted);
  };
  const onSignal = () => {
    if (askedAt === 0) {
      askedAt = Date.now();
      controller.abort();
      say('Stopping … (Ctrl-C again to force)');
      return;
    }
    if (Date.now() - askedAt > echoMs) {
      say('Forced.');
      forceExit();
    }
  };
  const request = () => {
    askedAt = askedAt === 0 ? Date.now() : askedAt;
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) {
    process.on(name, onSignal);
  }
  const timer = setInterval(() => {
    if (parentPid !== null && !isAlive(parentPid)) {
      request();
    }
  }, parentCheckMs);
  timer.unref();

  return {
    signal: controller.signal,
    requested: new Promise((resolve) => controller.signal.addEventListener('abort', () => resolve(), { once: true })),
    request,
    onStop: (label, stop, force) => steps.push({ label, stop, force }),
    async unwind(report) {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        const { label, stop, force } = step;
        try {
          await stop();
        } catch (error) {
          report(label, error);
          force?.();
        }
      }
    },
    dispose() {
      clearInterval(timer);
      for (const name of signals) {
        process.off(name, onSignal);
      }
    },
  };
}

/**
 * The npm process above this start, so that its death can be noticed; null when started without npm. Between the two stands the shell
 * that npm runs scripts in, and that outlives it.
 */
export function npmParent(env: Readonly<Record<string, string | undefined>>): number | null {
  if (env['npm_lifecycle_event'] === undefined) {
    return null;
  }
  let pid: number | null = process.ppid;
  for (let level = 0; level < 3 && pid !== null && pid > 1; level++) {
    if (/\bnpm\b/.test(commandOf(pid)) && !/^(\S*\/)?(da|ba|z)?sh /.test(commandOf(pid))) {
      return pid;
    }
    pid = parentOf(pid);
  }
  return process.ppid;
}
