/**
 * Tells the speed of an upload over the last seconds, so that a pause or a change of network shows soon, without flickering.
 * Times are milliseconds of any steady clock.
 */
export class RateMeter {
  readonly #windowMs: number;
  #samples: { atMs: number; totalBytes: number }[] = [];

  constructor(windowMs = 12_000) {
    this.#windowMs = windowMs;
  }

  /** Notes how many bytes have been sent in all. A smaller total than before (a part sent again) starts the measurement anew. */
  add(totalBytes: number, atMs: number): void {
    const last = this.#samples.at(-1);
    if (last && totalBytes < last.totalBytes) {
      this.#samples = [];
    }
    this.#samples.push({ atMs, totalBytes });
    const oldestMs = atMs - this.#windowMs;
    while (this.#samples.length > 2 && (this.#samples[1]?.atMs ?? 0) <= oldestMs) {
      this.#samples.shift();
    }
  }

  /** Forgets what was measured; used after a pause. */
  reset(): void {
    this.#samples = [];
  }

  /** Bytes per second, or null until a second has been measured. */
  bytesPerSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs - first.atMs < 1000) {
      return null;
    }
    return ((last.totalBytes - first.totalBytes) * 1000) / (last.atMs - first.atMs);
  }

  /** Seconds until `remainingBytes` are sent at this speed, or null while that is unknown. */
  secondsLeft(remainingBytes: number): number | null {
    const rate = this.bytesPerSecond();
    return rate === null || rate < 1 ? null : remainingBytes / rate;
  }
}
