import type { WordRange } from './wordSpans.ts';

/** Words that are selected: by the browser, with a mouse or a finger, or by keys, word for word. */
export class WordSelection {
  range = $state.raw<WordRange | null>(null);
  /** Chosen by keys: the browser shows no selection of its own then. */
  isByKeys = $state(false);
  #anchor = 0;
  #head = 0;

  /** Takes over what the browser has selected; that it has selected nothing drops only what it had selected. */
  follow(range: WordRange | null): void {
    if (range !== null) {
      this.range = range;
      this.isByKeys = false;
    } else if (!this.isByKeys) {
      this.range = null;
    }
  }

  /** Moves the end of the selection to a word that depends on where it is; without a selection it begins at `first`, with this word alone. */
  extend(first: number, move: (head: number) => number, wordCount: number): number {
    if (this.range === null) {
      [this.#anchor, this.#head] = [first, first];
    } else {
      this.#keepEnds(this.range);
      this.#head = Math.min(wordCount - 1, Math.max(0, move(this.#head)));
    }
    this.#take();
    return this.#head;
  }

  /** Selects up to a word: from `first`, or from where the selection began. */
  reach(first: number, head: number): void {
    if (this.range === null) {
      this.#anchor = first;
    } else {
      this.#keepEnds(this.range);
    }
    this.#head = head;
    this.#take();
  }

  #keepEnds({ from, to }: WordRange): void {
    if (!this.isByKeys) {
      [this.#anchor, this.#head] = [from, to - 1];
    }
  }

  #take(): void {
    this.isByKeys = true;
    this.range = { from: Math.min(this.#anchor, this.#head), to: Math.max(this.#anchor, this.#head) + 1 };
    getSelection()?.removeAllRanges();
  }

  clear(): void {
    this.range = null;
    this.isByKeys = false;
  }
}

/** The words that lie in a range of the document, as far as it holds some of their letters; null without them. */
export function wordsInRange(range: Range, root: HTMLElement): WordRange | null {
  const touched = [...root.querySelectorAll<HTMLElement>('[data-word]')].filter((element) => holdsLetters(range, element));
  const [first, last] = [touched[0]?.dataset['word'], touched.at(-1)?.dataset['word']];
  return first === undefined || last === undefined ? null : { from: Number(first), to: Number(last) + 1 };
}

function holdsLetters(range: Range, element: HTMLElement): boolean {
  if (!range.intersectsNode(element)) {
    return false;
  }
  const part = document.createRange();
  part.selectNodeContents(element);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) {
    part.setStart(range.startContainer, range.startOffset);
  }
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) {
    part.setEnd(range.endContainer, range.endOffset);
  }
  return part.toString().trim() !== '';
}
