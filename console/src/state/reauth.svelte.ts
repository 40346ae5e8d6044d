/** Asks the person to prove themselves, for a request that needs it; one question at a time. */
export class Reauth {
  isAsking = $state(false);
  #answer: ((isProven: boolean) => void) | null = null;

  /** Resolves to true once the person has proved themselves, and to false when they gave up. */
  ask(): Promise<boolean> {
    this.#answer?.(false);
    this.isAsking = true;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  finish(isProven: boolean): void {
    this.isAsking = false;
    this.#answer?.(isProven);
    this.#answer = null;
  }
}
