import type { Span } from '@carmic/contract';
import { moveEdge, moveEdgeFrom } from './segments.ts';

interface Draft {
  base: readonly Span[];
  index: number;
  edge: 'start' | 'end';
  fromSeconds: number;
  seconds: number;
}

type Save = (change: (now: readonly Span[]) => Span[] | null) => Promise<unknown>;

/** Steps by keys are one edit when no further one comes for so long. */
const restMs = 800;

/** An edge that is being moved: shown at once, one edit when it is let go, and taken back before that. */
export class EdgeDraft {
  /** What is moved, until the server has answered. */
  #draft = $state.raw<Draft | null>(null);
  #isHeld = $state(false);
  #rest: ReturnType<typeof setTimeout> | undefined;
  readonly #segments: () => readonly Span[];
  readonly #durationSeconds: () => number;
  readonly #save: Save;

  constructor(segments: () => readonly Span[], durationSeconds: () => number, save: Save) {
    this.#segments = segments;
    this.#durationSeconds = durationSeconds;
    this.#save = save;
  }

  /** Whether an edge is in a hand, or was just moved by a key. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The spans with the edge where it is now. */
  get shown(): readonly Span[] {
    const draft = this.#draft;
    return draft === null ? this.#segments() : moveEdge(draft.base, draft.index, draft.edge, draft.seconds, this.#durationSeconds());
  }

  /** Takes hold of an edge. One that is still held is let go of. */
  begin(index: number, edge: 'start' | 'end'): void {
    const draft = this.#draft;
    if (this.#isHeld && draft?.index === index && draft.edge === edge) {
      return;
    }
    this.finish();
    const base = this.shown;
    const span = base[index];
    if (span) {
      const seconds = edge === 'start' ? span.startSeconds : span.endSeconds;
      this.#draft = { base, index, edge, fromSeconds: seconds, seconds };
      this.#isHeld = true;
    }
  }

  /** Moves the edge that is held. */
  to(seconds: number): void {
    if (this.#isHeld && this.#draft) {
      this.#draft = { ...this.#draft, seconds };
    }
  }

  /** Moves an edge by a key; it is let go of when no further step comes. */
  step(index: number, edge: 'start' | 'end', bySeconds: number): void {
    this.begin(index, edge);
    const span = this.shown[index];
    if (span) {
      this.to((edge === 'start' ? span.startSeconds : span.endSeconds) + bySeconds);
    }
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.finish(), restMs);
  }

  /** Lets go: one edit, where the edge has moved. */
  finish(): void {
    clearTimeout(this.#rest);
    const draft = this.#draft;
    if (!this.#isHeld || draft === null) {
      return;
    }
    this.#isHeld = false;
    const span = this.shown[draft.index];
    const seconds = (draft.edge === 'start' ? span?.startSeconds : span?.endSeconds) ?? draft.seconds;
    if (Math.abs(seconds - draft.fromSeconds) < 0.001) {
      this.#draft = null;
      return;
    }
    void this.#save((now) => moveEdgeFrom(now, draft.edge, draft.fromSeconds, seconds, this.#durationSeconds())).finally(() => {
      // Another edge may have been taken hold of meanwhile.
      if (this.#draft === draft) {
        this.#draft = null;
      }
    });
  }

  /** Takes the movement back. */
  cancel(): void {
    clearTimeout(this.#rest);
    if (this.#isHeld) {
      this.#isHeld = false;
      this.#draft = null;
    }
  }
}
