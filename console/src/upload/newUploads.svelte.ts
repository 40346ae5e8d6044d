import { getContext, setContext } from 'svelte';
import type { FileHandle } from './fileHandles.ts';

/** A file somebody chose or dropped, with its handle where the browser gives one. */
export interface ChosenFile {
  file: File;
  handle: FileHandle | null;
}

/** Files that were chosen and whose settings are being made. */
export class NewUploads {
  chosen = $state.raw<readonly ChosenFile[]>([]);

  get isOpen(): boolean {
    return this.chosen.length > 0;
  }

  offer(files: readonly ChosenFile[]): void {
    this.chosen = [...this.chosen, ...files];
  }

  close(): void {
    this.chosen = [];
  }
}

const contextKey = Symbol('new uploads');

export function provideNewUploads(value: NewUploads): NewUploads {
  return setContext(contextKey, value);
}

/** Where pages hand over chosen files. */
export function useNewUploads(): NewUploads {
  return getContext<NewUploads>(contextKey);
}
