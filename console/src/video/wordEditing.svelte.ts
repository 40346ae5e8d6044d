import type { Transcript } from '@carmic/contract';

/** Which words are being corrected: `from` up to, not including, `to`. */
export interface Editing {
  from: number;
  to: number;
  draft: string;
}

/** One correction that can be undone: what stood there before, by the time of its first word. */
interface Done {
  startSeconds: number;
  wordsAfter: number;
  before: string;
}

/** Below this an engine was guessing. */
const unsureBelow = 0.6;

/** Tells whether a word should be looked at. */
export const isUnsure = (word: Transcript['words'][number]): boolean =>
  word.isCorrected !== true && word.confidence !== undefined && word.confidence < unsureBelow;

type Save = (version: number, correction: { from: number; to: number; text: string }) => Promise<unknown>;

/** Correcting words: one place at a time, saved one by one, undone in the reverse order. */
export class WordEditing {
  editing = $state<Editing | null>(null);
  isSaving = $state(false);
  error = $state('');
  #done = $state.raw<readonly Done[]>([]);
  readonly #transcript: () => Transcript;
  readonly #save: Save;

  constructor(transcript: () => Transcript, save: Save) {
    this.#transcript = transcript;
    this.#save = save;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  begin(from: number, to: number): void {
    const { words } = this.#transcript();
    const picked = words.slice(from, to);
    if (picked.length > 0) {
      this.error = '';
      this.editing = { from, to, draft: picked.map((word) => word.text).join(' ') };
    }
  }

  cancel(): void {
    this.editing = null;
    this.error = '';
  }

  /** Saves the draft. Answers the index behind what it became, or null when nothing was saved. */
  async save(describe: (error: unknown) => string): Promise<number | null> {
    const { editing } = this;
    if (editing === null || this.isSaving) {
      return null;
    }
    const { words, version } = this.#transcript();
    const before = words
      .slice(editing.from, editing.to)
      .map((word) => word.text)
      .join(' ');
    const text = editing.draft.trim().replace(/\s+/g, ' ');
    const wordsAfter = text === '' ? 0 : text.split(' ').length;
    if (text === before) {
      this.cancel();
      return editing.to;
    }
    this.isSaving = true;
    try {
      const startSeconds = words[editing.from]?.startSeconds ?? 0;
      await this.#save(version, { from: editing.from, to: editing.to, text });
      // A word that was removed leaves nothing to replace: it comes back by undoing on its neighbour.
      this.#done = wordsAfter === 0 ? this.#done : [...this.#done, { startSeconds, wordsAfter, before }];
      this.cancel();
      return editing.from + wordsAfter;
    } catch (error) {
      // What was typed stays; the words it was meant for are found again by their time.
      const start = words[editing.from]?.startSeconds ?? 0;
      const length = editing.to - editing.from;
      const now = this.#transcript().words;
      const from = Math.max(
        0,
        now.findIndex((word) => word.startSeconds >= start - 0.01),
      );
      this.editing = { from, to: Math.min(now.length, from + length), draft: editing.draft };
      this.error = describe(error);
      return null;
    } finally {
      this.isSaving = false;
    }
  }

  /** Puts back what the last correction replaced. */
  async undo(): Promise<void> {
    const last = this.#done.at(-1);
    if (last === undefined || this.isSaving) {
      return;
    }
    const { words, version } = this.#transcript();
    const from = words.findIndex((word) => Math.abs(word.startSeconds - last.startSeconds) < 0.01);
    this.#done = this.#done.slice(0, -1);
    if (from === -1) {
      return;
    }
    this.isSaving = true;
    try {
      await this.#save(version, { from, to: from + last.wordsAfter, text: last.before });
    } finally {
      this.isSaving = false;
    }
  }
}
