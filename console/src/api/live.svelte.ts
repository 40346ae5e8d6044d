import type { CarmicEvent, Progress } from '@carmic/contract';

/** What arrives on the live stream. `resync` says that something may have been missed: ask again for what is shown. */
export type LiveMessage = { kind: 'event'; event: CarmicEvent } | { kind: 'progress'; progress: Progress } | { kind: 'resync' };
export type LiveListener = (message: LiveMessage) => void;

const streamPath = '/api/v1/events/stream';
/** Pages ask for what they show while the stream is being opened: what happens in between must not be missed. */
const overlapSeconds = 15;
const firstRetryMs = 1000;
const longestRetryMs = 15_000;

/**
 * The live stream of the workspace. The browser reconnects by itself and resumes after the last event it saw; when the server
 * refuses (restart, sign-out) the stream is opened anew with growing pauses. After every gap listeners get `resync`.
 */
export class Live {
  state = $state<'closed' | 'connecting' | 'open' | 'reconnecting'>('closed');
  readonly #listeners = new Set<LiveListener>();
  readonly #checkSession: () => void;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #line = Promise.resolve();
  #wasCut = false;

  /** `checkSession` is called when the stream is refused, because the session may have ended. */
  constructor(checkSession: () => void) {
    this.#checkSession = checkSession;
  }

  /** Adds a listener and answers how to remove it. */
  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  open(): void {
    if (this.#source || this.#timer !== undefined) {
      return;
    }
    if (this.state === 'closed') {
      this.state = 'connecting';
    }
    // After a gap everything is asked for again.
    const source = new EventSource(this.#wasCut ? streamPath : `${streamPath}?sinceSeconds=${overlapSeconds}`);
    this.#source = source;
    source.addEventListener('open', () => this.#opened());
    source.addEventListener('error', () => this.#failed(source));
    source.addEventListener('event', (message) => this.#received(message.data, 'event'));
    source.addEventListener('progress', (message) => this.#received(message.data, 'progress'));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#source?.close();
    this.#source = null;
    this.#wasCut = false;
    this.#attempt = 0;
    this.state = 'closed';
  }

  #opened(): void {
    this.state = 'open';
    this.#attempt = 0;
    if (this.#wasCut) {
      this.#wasCut = false;
      this.#tell({ kind: 'resync' });
    }
  }

  #failed(source: EventSource): void {
    this.#wasCut = true;
    this.state = 'reconnecting';
    if (source.readyState !== EventSource.CLOSED) {
      return;
    }
    source.close();
    this.#source = null;
    this.#checkSession();
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#attempt);
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.state === 'reconnecting') {
        this.open();
      }
    }, pauseMs);
  }

  /** Messages are told in the order in which they came: what checks them is loaded before the first. */
  #received(data: string, kind: 'event' | 'progress'): void {
    this.#line = this.#line
      .then(async () => {
        const message = await parseLive(data, kind).catch(() => null);
        // A message of a newer server may be unknown to this page; asking again is always right.
        this.#tell(message ?? { kind: 'resync' });
      })
      // A fault of a listener is told as every other, and does not silence the messages to come.
      .catch(reportError);
  }

  #tell(message: LiveMessage): void {
    for (const listener of this.#listeners) {
      listener(message);
    }
  }
}

async function parseLive(data: string, kind: 'event' | 'progress'): Promise<LiveMessage | null> {
  const { eventSchema, progressSchema } = await import('./checks.ts');
  const json: unknown = JSON.parse(data);
  if (kind === 'event') {
    const parsed = eventSchema.safeParse(json);
    return parsed.success ? { kind, event: parsed.data } : null;
  }
  const parsed = progressSchema.safeParse(json);
  return parsed.success ? { kind, progress: parsed.data } : null;
}
