import type { Video, VideoLabels } from '@carmic/contract';
import type { LiveMessage } from '../api/live.svelte.ts';
import { type Call, isGone, messageOf } from '../api/client.ts';
import type { Messages } from '../messages/en.ts';
import { afterPaint } from './afterPaint.ts';
import { keepVideoMedia } from './keepMedia.ts';
import { Throttle } from './throttle.ts';

const pageSize = 24;
const refreshEveryMs = 2000;
/** As many as are drawn at once. */
const sliceSize = 8;

function videoOf(message: LiveMessage): string {
  return (message.kind === 'event' ? message.event.videoId : message.kind === 'progress' ? message.progress.videoId : null) ?? '';
}

/** Times of the API are of one form, so that letters compare as times; comparing by a language sets up its collation first, which takes long. */
function newestFirst(videos: readonly Video[]): Video[] {
  return videos.toSorted((a, b) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? 1 : -1));
}

/** Which videos are shown; empty: all. */
export interface VideoFilter {
  state?: 'working' | 'ready' | 'failed' | undefined;
  folder?: string | undefined;
  tag?: string | undefined;
}

/** The videos of the workspace, newest first, kept up to date by the live stream. */
export class Library {
  videos = $state.raw<readonly Video[]>([]);
  status = $state<'idle' | 'loading' | 'ready' | 'failed'>('idle');
  error = $state('');
  isLoadingMore = $state(false);
  hasMore = $derived.by(() => this.#nextCursor !== null);
  #nextCursor = $state<string | null>(null);
  filter = $state.raw<VideoFilter>({});
  labels = $state.raw<VideoLabels>({ folders: [], tags: [] });
  readonly isFiltered = $derived(Object.values(this.filter).some((value) => value !== undefined));
  /** Deleted videos: what their last events say needs no question. */
  readonly #removed = new Set<string>();
  /** Videos of which something was heard while the list was on its way: the answer may be older. */
  readonly #heardMeanwhile = new Set<string>();
  readonly #call: Call;
  readonly #t: Messages;
  readonly #refreshes = new Throttle(refreshEveryMs, (id) => void this.#refresh(id));

  constructor(call: Call, t: Messages) {
    this.#call = call;
    this.#t = t;
  }

  async load(): Promise<void> {
    if (this.status !== 'ready') {
      this.status = 'loading';
    }
    try {
      const limit = Math.min(100, Math.max(pageSize, this.videos.length));
      const { filter } = this;
      const page = await this.#call('listVideos', { query: { limit, ...this.#query() } });
      if (filter !== this.filter) {
        // Another choice was made meanwhile: its own answer is on its way.
        return;
      }
      if (this.status === 'ready') {
        const known = new Map(this.videos.map((video) => [video.id, video]));
        this.videos = page.items.map((video) => keepVideoMedia(known.get(video.id), video));
      } else {
        // What stands around them is drawn first.
        await afterPaint();
        if (filter !== this.filter) {
          return;
        }
        this.videos = [];
        this.status = 'ready';
        await this.#append(page.items);
      }
      if (filter !== this.filter) {
        return;
      }
      this.#nextCursor = page.nextCursor;
      for (const id of this.#heardMeanwhile) {
        this.#refreshes.nudge(id);
      }
      this.#heardMeanwhile.clear();
    } catch (error) {
      this.error = messageOf(error, this.#t);
      if (this.status !== 'ready') {
        this.status = 'failed';
      }
    }
  }

  /** Shows other videos. */
  async choose(filter: VideoFilter): Promise<void> {
    this.filter = filter;
    this.status = 'loading';
    await this.load();
  }

  /** Asks which folders and tags there are. */
  async loadLabels(): Promise<void> {
    this.labels = await this.#call('listVideoLabels');
  }

  #query(): VideoFilter {
    return Object.fromEntries(Object.entries(this.filter).filter(([, value]) => value !== undefined));
  }

  async loadMore(): Promise<void> {
    if (this.#nextCursor === null || this.isLoadingMore) {
      return;
    }
    this.isLoadingMore = true;
    const { filter } = this;
    try {
      const page = await this.#call('listVideos', { query: { limit: pageSize, cursor: this.#nextCursor, ...this.#query() } });
      await afterPaint();
      if (filter !== this.filter) {
        return;
      }
      await this.#append(page.items);
      if (filter === this.filter) {
        this.#nextCursor = page.nextCursor;
      }
    } finally {
      this.isLoadingMore = false;
    }
  }

  /** Adds videos few at a time, so that each few are drawn, and keys and clicks heard, before the next. */
  async #append(items: readonly Video[]): Promise<void> {
    const { filter } = this;
    for (let from = 0; from < items.length && filter === this.filter; from += sliceSize) {
      if (from > 0) {
        await afterPaint();
      }
      const known = new Set(this.videos.map((video) => video.id));
      const fresh = items.slice(from, from + sliceSize).filter((video) => !known.has(video.id) && !this.#removed.has(video.id));
      this.videos = filter === this.filter ? newestFirst([...this.videos, ...fresh]) : this.videos;
    }
  }

  /** Puts a video in its place, newest first. */
  upsert(video: Video): void {
    const before = this.videos.find((item) => item.id === video.id);
    if (before) {
      const kept = keepVideoMedia(before, video);
      this.videos = this.videos.map((item) => (item.id === video.id ? kept : item));
    } else if (this.status === 'ready' && !this.isFiltered) {
      this.videos = newestFirst([video, ...this.videos]);
    }
  }

  /** Deletes a video; one that is gone already counts as deleted. Until that is answered, what is heard of it is passed over. */
  async deleteVideo(videoId: string): Promise<void> {
    this.#removed.add(videoId);
    try {
      await this.#call('deleteVideo', { params: { id: videoId } });
    } catch (error) {
      if (!isGone(error)) {
        this.#removed.delete(videoId);
        this.#refreshes.nudge(videoId);
        throw error;
      }
    }
    this.remove(videoId);
  }

  remove(videoId: string): void {
    this.#removed.add(videoId);
    this.videos = this.videos.filter((video) => video.id !== videoId);
  }

  /** Asks for fresh media URLs after one of them failed. */
  async renewMedia(videoId: string): Promise<void> {
    const video = await this.#call('getVideo', { params: { id: videoId } });
    this.videos = this.videos.map((item) => (item.id === videoId ? video : item));
  }

  hear(message: LiveMessage): void {
    const videoId = videoOf(message);
    if (this.status === 'loading' && videoId !== '') {
      this.#heardMeanwhile.add(videoId);
    }
    if (this.status !== 'ready' || this.#removed.has(videoId)) {
      return;
    }
    if (message.kind === 'resync') {
      void this.load();
    } else if (message.kind === 'progress') {
      this.#refreshes.nudge(message.progress.videoId);
    } else if (message.event.videoId) {
      if (message.event.type === 'video.deleted') {
        this.remove(message.event.videoId);
      } else {
        this.#refreshes.nudge(message.event.videoId);
      }
    }
  }

  /** Forgets everything at sign-out. */
  clear(): void {
    this.#refreshes.stop();
    this.filter = {};
    this.labels = { folders: [], tags: [] };
    this.videos = [];
    this.#nextCursor = null;
    this.#heardMeanwhile.clear();
    this.status = 'idle';
  }

  async #refresh(videoId: string): Promise<void> {
    if (this.#removed.has(videoId)) {
      return;
    }
    try {
      this.upsert(await this.#call('getVideo', { params: { id: videoId } }));
    } catch (error) {
      // Any other fault passes: the next message, or the reconnected stream, asks again.
      if (isGone(error)) {
        this.remove(videoId);
      }
    }
  }
}
