/** The source player as the rest of the page sees it: where it is, and how to move it. */
export class Playback {
  timeSeconds = $state(0);
  durationSeconds = $state(0);
  isPlaying = $state(false);
  #element: HTMLVideoElement | null = null;
  #untilSeconds: number | null = null;
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
      timeupdate: follow,
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
    this.#untilSeconds = null;
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

  /** Plays from a time, to an end when one is given. */
  async playFrom(seconds: number, untilSeconds: number | null = null): Promise<void> {
    this.seek(seconds);
    this.#untilSeconds = untilSeconds;
    await this.play();
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
    this.#untilSeconds = null;
    if (this.isPlaying) {
      this.pause();
    } else {
      void this.play();
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
      if (this.#untilSeconds !== null && element.currentTime >= this.#untilSeconds) {
        this.#untilSeconds = null;
        element.pause();
        return;
      }
      this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }
}
