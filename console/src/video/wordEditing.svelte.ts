import type { Transcript } from '@carmic/contract';

/** Which words are being corrected: `from` up to, not including, `to`. */
export interface Editing {
  from: number;
  to: number;
  draft: string;
  /** What stood there when it began. */
  before: string;
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

/** Correcting words: one place at a time, sent one after the other, undone in the reverse order. */
export class WordEditing {
  editing = $state<Editing | null>(null);
  error = $state('');
  #done = $state.raw<readonly Done[]>([]);
  /** What was sent and has no answer yet; on a slow line the next word is written meanwhile. */
  #sent = $state.raw<readonly Editing[]>([]);
  #line: Promise<unknown> = Promise.resolve();
  /** What was refused while another word was being written: it comes back behind that. */
  #refused: { editing: Editing; error: string }[] = [];
  readonly #transcript: () => Transcript;
  readonly #save: Save;

  constructor(transcript: () => Transcript, save: Save) {
    this.#transcript = transcript;
    this.#save = save;
  }

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get isSaving(): boolean {
    return this.#sent.length > 0;
  }

  /** Whether what stands in the field is on its way. */
  get isSent(): boolean {
    return this.editing !== null && this.#sent.includes(this.editing);
  }

  begin(from: number, to: number): void {
    const { words } = this.#transcript();
    const picked = words.slice(from, to);
    if (picked.length > 0) {
      this.error = '';
      const before = picked.map((word) => word.text).join(' ');
      this.editing = { from, to, draft: before, before };
    }
  }

  cancel(): void {
    const next = this.#refused.shift();
    this.editing = next?.editing ?? null;
    this.error = next?.error ?? '';
  }

  /** Saves the draft. Answers the index behind what it became, or null when nothing was saved. */
  async save(describe: (error: unknown) => string): Promise<number | null> {
    const { editing } = this;
    if (editing === null || this.isSent) {
      return null;
    }
    const before = this.#transcript()
      .words.slice(editing.from, editing.to)
      .map((word) => word.text)
      .join(' ');
    const text = editing.draft.trim().replace(/\s+/g, ' ');
    if (text === before) {
      this.cancel();
      return editing.to;
    }
    this.#sent = [...this.#sent, editing];
    const own = this.#line.then(() => this.#send(editing, before, text));
    this.#line = own.catch(() => undefined);
    try {
      const next = await own;
      this.#answered(editing);
      if (this.editing === editing) {
        this.cancel();
      }
      return next;
    } catch (error) {
      this.#answered(editing);
      this.#showRefused(editing, describe(error));
      return null;
    }
  }

  #answered(editing: Editing): void {
    this.#sent = this.#sent.filter((each) => each !== editing);
  }

  /** Sends a correction on top of what those before it have made of the words. */
  async #send(editing: Editing, before: string, text: string): Promise<number> {
    const { words, version } = this.#transcript();
    const { from, to } = editing;
    const startSeconds = words[from]?.startSeconds ?? 0;
    try {
      await this.#save(version, { from, to, text });
    } catch (error) {
      // What was typed stays; the words it was meant for are found again by their time.
      const now = this.#transcript().words;
      editing.from = Math.max(
        0,
        now.findIndex((word) => word.startSeconds >= startSeconds - 0.01),
      );
      editing.to = Math.min(now.length, editing.from + to - from);
      throw error;
    }
    const wordsAfter = text === '' ? 0 : text.split(' ').length;
    // What is written further on has moved.
    for (const other of new Set([...this.#sent, this.editing])) {
      if (other !== null && other !== editing && other.from >= to) {
        other.from += wordsAfter - (to - from);
        other.to += wordsAfter - (to - from);
      }
    }
    // A word that was removed leaves nothing to replace: it comes back by undoing on its neighbour.
    this.#done = wordsAfter === 0 ? this.#done : [...this.#done, { startSeconds, wordsAfter, before }];
    return from + wordsAfter;
  }

  #showRefused(editing: Editing, error: string): void {
    if (this.editing === null || this.editing === editing) {
      // As another one, so that the field takes the focus again.
      this.editing = { ...editing };
      this.error = error;
    } else {
      this.#refused.push({ editing, error });
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
    const undone: Editing = { from, to: from + last.wordsAfter, draft: last.before, before: '' };
    this.#sent = [...this.#sent, undone];
    try {
      await this.#save(version, { from, to: undone.to, text: last.before });
    } catch (error) {
      this.#done = [...this.#done, last];
      throw error;
    } finally {
      this.#answered(undone);
    }
  }
}
