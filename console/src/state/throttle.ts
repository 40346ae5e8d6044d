/**
 * Gathers nudges: `act` runs at once for the first nudge of a key, then at most once per `everyMs`, and always once more after the
 * last nudge. Keys do not wait for each other.
 */
export class Throttle {
  readonly #act: (key: string) => void;
  readonly #everyMs: number;
  readonly #timers = new Map<string, { timer: ReturnType<typeof setTimeout>; isDue: boolean }>();

  constructor(everyMs: number, act: (key: string) => void) {
    this.#everyMs = everyMs;
    this.#act = act;
  }

  nudge(key: string): void {
    const running = this.#timers.get(key);
    if (running) {
      running.isDue = true;
      return;
    }
    this.#arm(key);
    this.#act(key);
  }

  stop(): void {
    for (const { timer } of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#timers.clear();
  }

  #arm(key: string): void {
    const timer = setTimeout(() => {
      const isDue = this.#timers.get(key)?.isDue ?? false;
      this.#timers.delete(key);
      if (isDue) {
        this.#arm(key);
        this.#act(key);
      }
    }, this.#everyMs);
    this.#timers.set(key, { timer, isDue: false });
  }
}
