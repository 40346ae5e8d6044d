/** Wakes whoever waits for news in this process; other processes are found by polling. */
export interface Signal {
  notify(): void;
  /** Resolves at the next notify, after `ms`, or when aborted, whichever is first. */
  wait(ms: number, abort?: AbortSignal): Promise<void>;
}

export function createSignal(): Signal {
  const waiting = new Set<() => void>();
  return {
    notify() {
      for (const wake of [...waiting]) {
        wake();
      }
    },
    wait(ms, abort) {
      if (abort?.aborted) {
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          waiting.delete(finish);
          abort?.removeEventListener('abort', finish);
          resolve();
        };
        const timer = setTimeout(finish, ms);
        waiting.add(finish);
        abort?.addEventListener('abort', finish, { once: true });
      });
    },
  };
}
