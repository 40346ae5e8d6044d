import type { Span } from '@carmic/contract';

/** A frame is shown for so long: a span that ends sooner than this has ended. */
const frameSeconds = 0.02;

/** The source player as the rest of the page sees it: where it is, and how to move it. */
export class Playback {
  timeSeconds = $state(0);
  durationSeconds = $state(0);
  isPlaying = $state(false);
  #element: HTMLVideoElement | null = null;
  /** What is played, one span after the other; empty: on until the end. */
  #spans: readonly Span[] = [];
  #at = 0;
  #frame = 0;
  #pendingSeconds: number | null = null;

  /** Takes a player over and answers how to let it go. */
  attach(element: HTMLVideoElement): () => void {
    this.#element = element;
    const follow = () => {
      // Until the metadata is there the player stands at 0, and everybody else at the time that was asked for.
      if (this.#pendingSeconds === null) {
        this.timeSeconds = element.currentTime;
      }
    };
    const on: Partial<Record<keyof HTMLMediaElementEventMap, () => void>> = {
      play: () => {
        this.isPlaying = true;
        this.#follow();
      },
      pause: () => {
        this.isPlaying = false;
        follow();
      },
      seeked: follow,
      timeupdate: () => {
        follow();
        // Comes also where no frame is drawn, as behind another window.
        this.#keepToSpans(element);
      },
      // It is loaded again, such as from a fresh address: it goes on where it was, or where it is sent meanwhile.
      emptied: () => {
        this.#pendingSeconds ??= this.timeSeconds;
      },
      loadedmetadata: () => {
        if (Number.isFinite(element.duration)) {
          this.durationSeconds = element.duration;
        }
        if (this.#pendingSeconds !== null) {
          element.currentTime = this.#pendingSeconds;
          this.#pendingSeconds = null;
        }
      },
    };
    for (const [name, listener] of Object.entries(on)) {
      element.addEventListener(name, listener);
    }
    return () => {
      for (const [name, listener] of Object.entries(on)) {
        element.removeEventListener(name, listener);
      }
      cancelAnimationFrame(this.#frame);
      this.#element = null;
      this.isPlaying = false;
    };
  }

  /** Moves to a time; where the metadata is not there yet, as soon as it is. */
  seek(seconds: number): void {
    this.#spans = [];
    const target = Math.max(0, this.durationSeconds > 0 ? Math.min(seconds, this.durationSeconds) : seconds);
    this.timeSeconds = target;
    if (!this.#element) {
      return;
    }
    if (this.#element.readyState >= HTMLMediaElement.HAVE_METADATA) {
      this.#element.currentTime = target;
    } else {
      this.#pendingSeconds = target;
      // One that is under way is not begun again.
      if (this.#element.networkState !== HTMLMediaElement.NETWORK_LOADING) {
        this.#element.load();
      }
    }
  }

  /** Plays from a time. */
  async playFrom(seconds: number): Promise<void> {
    this.seek(seconds);
    await this.play();
  }

  /**
   * Plays spans of the source one after the other and leaves out what lies between, as the rendered clip does. It begins where the player
   * stands where that is inside of a span and `isResumed`, else with the first.
   */
  async playSpans(spans: readonly Span[], { isResumed = false } = {}): Promise<void> {
    const now = this.timeSeconds;
    const inside = isResumed
      ? spans.findIndex(({ startSeconds, endSeconds }) => startSeconds <= now && now < endSeconds - frameSeconds)
      : -1;
    const first = spans[Math.max(0, inside)];
    if (first) {
      this.seek(inside < 0 ? first.startSeconds : now);
      this.#spans = spans;
      this.#at = Math.max(0, inside);
      await this.play();
    }
  }

  async play(): Promise<void> {
    try {
      await this.#element?.play();
    } catch (error) {
      // A browser may refuse to start, or a pause may come first; the buttons show the true state either way.
      if (!(error instanceof DOMException)) {
        throw error;
      }
    }
  }

  pause(): void {
    this.#element?.pause();
  }

  toggle(): void {
    if (this.isPlaying) {
      this.pause();
    } else {
      void this.play();
    }
  }

  /** At the end of a span it goes on with the next one, and stops behind the last. */
  #keepToSpans(element: HTMLVideoElement): void {
    const span = this.#spans[this.#at];
    if (!span || element.seeking || element.paused || element.currentTime < span.endSeconds - frameSeconds) {
      return;
    }
    const next = this.#spans[this.#at + 1];
    if (!next) {
      this.#spans = [];
      element.pause();
      return;
    }
    this.#at += 1;
    // Spans that touch are played on without a seek, which would be heard.
    if (Math.abs(next.startSeconds - span.endSeconds) > frameSeconds) {
      element.currentTime = next.startSeconds;
    }
  }

  /** `timeupdate` comes four times a second; words and the playhead want every frame. */
  #follow(): void {
    cancelAnimationFrame(this.#frame);
    const step = () => {
      const element = this.#element;
      if (!element || element.paused) {
        return;
      }
      this.timeSeconds = element.currentTime;
      this.#keepToSpans(element);
      this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }
}
