/** Lets at most `limit` holders in at a time; the limit can be lowered and raised while it is held. */
export interface Semaphore {
  readonly inUse: number;
  readonly limit: number;
  setLimit(limit: number): void;
  /** Waits for a place and answers the function that gives it back; calling that twice does nothing. Throws the signal's reason. */
  acquire(signal: AbortSignal): Promise<() => void>;
}

/** Makes a semaphore; whoever waits longest is served first. */
export function createSemaphore(initialLimit: number): Semaphore {
  let limit = initialLimit;
  let inUse = 0;
  const waiting: (() => void)[] = [];
  const serve = () => {
    while (inUse < limit && waiting.length > 0) {
      inUse += 1;
      waiting.shift()?.();
    }
  };
  const releaser = () => {
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        inUse -= 1;
        serve();
      }
    };
  };
  return {
    get inUse() {
      return inUse;
    },
    get limit() {
      return limit;
    },
    setLimit(fresh) {
      limit = Math.max(1, fresh);
      serve();
    },
    acquire(signal) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(releaser());
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(enter);
        serve();
      });
    },
  };
}
