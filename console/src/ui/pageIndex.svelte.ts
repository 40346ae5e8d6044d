import { getContext, setContext } from 'svelte';

interface Entry {
  title: string;
  heading: HTMLElement;
}

/** The sections of a long page, in the order in which they stand there. */
export class PageIndex {
  entries = $state.raw<readonly Entry[]>([]);

  /** Adds a section; answers how to take it out again. */
  add(entry: Entry): () => void {
    this.entries = [...this.entries, entry].sort((one, other) =>
      one.heading.compareDocumentPosition(other.heading) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
    );
    return () => (this.entries = this.entries.filter((each) => each !== entry));
  }
}

const contextKey = Symbol('page index');

/** Lets the sections below be listed. */
export function providePageIndex(): PageIndex {
  return setContext(contextKey, new PageIndex());
}

/** Where sections list themselves; undefined on pages without a list. */
export function usePageIndex(): PageIndex | undefined {
  return getContext<PageIndex | undefined>(contextKey);
}
