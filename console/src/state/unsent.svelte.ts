import type { Tally } from '../api/keepSending.ts';

/** Changes on their way to the server: how many have no answer yet, and how many of those wait for the connection. */
export class Unsent implements Tally {
  onTheirWay = $state(0);
  waiting = $state(0);

  began(): void {
    this.onTheirWay += 1;
  }

  waits(): void {
    this.waiting += 1;
  }

  ended(hasWaited: boolean): void {
    this.onTheirWay -= 1;
    this.waiting -= hasWaited ? 1 : 0;
  }
}
