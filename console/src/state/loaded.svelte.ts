import { untrack } from 'svelte';
import { messageOf } from '../api/client.ts';
import { useApp } from '../app.ts';
import type { Messages } from '../messages/en.ts';

/** Something that a page shows and asks the server for: what came, why nothing came, and whether it is being asked for. */
export class Loaded<T> {
  /** The newest answer; stays while it is asked for again, and when that fails. */
  value = $state.raw<T | null>(null);
  /** Why the last question failed; empty otherwise. */
  problem = $state('');
  isBusy = $state(false);
  readonly #ask: () => Promise<T>;
  readonly #t: Messages;
  #asked = 0;

  constructor(ask: () => Promise<T>, t: Messages) {
    this.#ask = ask;
    this.#t = t;
  }

  /** Asks, for the first time or again. */
  readonly load = async (): Promise<void> => {
    this.#asked += 1;
    const question = this.#asked;
    const isNewest = () => question === this.#asked;
    this.isBusy = true;
    try {
      const value = await this.#ask();
      // An answer that was overtaken by that to a later question is old.
      if (isNewest()) {
        this.value = value;
        this.problem = '';
      }
    } catch (error) {
      if (isNewest()) {
        this.problem = messageOf(error, this.#t);
      }
    } finally {
      if (isNewest()) {
        this.isBusy = false;
      }
    }
  };
}

interface Options {
  /** Asked only while this is true, such as for administrators. */
  when?: () => boolean;
  /** Asked again in this rhythm while somebody looks. */
  everyMs?: number;
}

/** Asks the server as soon as the component is there. Call it while the component is set up. */
export function useLoaded<T>(ask: () => Promise<T>, { when = () => true, everyMs }: Options = {}): Loaded<T> {
  const loaded = new Loaded(ask, useApp().t);
  $effect(() => {
    if (!when()) {
      return;
    }
    untrack(() => void loaded.load());
    if (everyMs === undefined) {
      return;
    }
    const timer = setInterval(() => document.visibilityState === 'visible' && void loaded.load(), everyMs);
    return () => clearInterval(timer);
  });
  return loaded;
}
