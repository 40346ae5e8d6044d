import type { Span } from '@carmic/contract';
import { clipSecondsOf, sourceMoment } from './cropPlan.ts';

/** Plays the spans of a clip out of the source, one after the other, and counts in the clip's time. */
export class ClipPlayback {
  element = $state<HTMLVideoElement>();
  seconds = $state(0);
  isPlaying = $state(false);
  readonly #segments: readonly Span[];
  readonly #durationSeconds: number;
  #index = 0;
  #frame = 0;

  constructor(segments: readonly Span[]) {
    this.#segments = segments;
    this.#durationSeconds = clipSecondsOf(segments, segments.length);
  }

  seek(seconds: number): void {
    this.seconds = Math.min(this.#durationSeconds, Math.max(0, seconds));
    const { index, sourceSeconds } = sourceMoment(this.#segments, this.seconds);
    this.#index = index;
    if (this.element) {
      this.element.currentTime = sourceSeconds;
    }
  }

  toggle(): void {
    if (this.isPlaying) {
      this.pause();
    } else {
      void this.#play();
    }
  }

  pause(): void {
    this.isPlaying = false;
    cancelAnimationFrame(this.#frame);
    this.element?.pause();
  }

  stop(): void {
    this.pause();
  }

  async #play(): Promise<void> {
    if (!this.element) {
      return;
    }
    this.seek(this.seconds >= this.#durationSeconds - 0.05 ? 0 : this.seconds);
    try {
      await this.element.play();
    } catch {
      // The browser refused, or the source failed: the element says so by its own event.
      return;
    }
    this.isPlaying = true;
    this.#follow();
  }

  #follow(): void {
    this.#frame = requestAnimationFrame(() => {
      const [element, span] = [this.element, this.#segments[this.#index]];
      if (!this.isPlaying || !element || !span) {
        return;
      }
      if (element.currentTime >= span.endSeconds - 0.01 || element.ended) {
        if (this.#index + 1 >= this.#segments.length) {
          this.pause();
          this.seconds = this.#durationSeconds;
          return;
        }
        this.seek(clipSecondsOf(this.#segments, this.#index + 1) + 0.001);
      } else if (!element.seeking) {
        this.seconds = clipSecondsOf(this.#segments, this.#index) + Math.max(0, element.currentTime - span.startSeconds);
      }
      this.#follow();
    });
  }
}
