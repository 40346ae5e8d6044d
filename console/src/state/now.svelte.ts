/** A clock for relative times, ticking every half minute while somebody looks. */
export class Now {
  ms = $state(Date.now());

  /** Starts ticking and answers how to stop. */
  start(): () => void {
    const timer = setInterval(() => {
      this.ms = Date.now();
    }, 30_000);
    return () => clearInterval(timer);
  }
}
