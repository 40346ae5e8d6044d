/** A value with its past and its future. */
export class History<T> {
  #past = $state.raw<readonly T[]>([]);
  #future = $state.raw<readonly T[]>([]);
  #now = $state.raw<T>() as T;

  constructor(now: T) {
    this.#now = now;
  }

  get now(): T {
    return this.#now;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  change(next: T): void {
    this.#past = [...this.#past, this.#now];
    this.#future = [];
    this.#now = next;
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (before !== undefined) {
      this.#future = [this.#now, ...this.#future];
      this.#past = this.#past.slice(0, -1);
      this.#now = before;
    }
  }

  redo(): void {
    const [next] = this.#future;
    if (next !== undefined) {
      this.#past = [...this.#past, this.#now];
      this.#future = this.#future.slice(1);
      this.#now = next;
    }
  }
}
