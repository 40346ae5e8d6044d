import {
  ApiError,
  type Clip,
  type ClipEdit,
  type Insight,
  type Progress,
  type Rendition,
  type RouteArguments,
  type Transcript,
  type Video,
} from '@carmic/contract';
import type { LiveMessage } from '../api/live.svelte.ts';
import { type Call, isGone, messageOf, newKey } from '../api/client.ts';
import type { Messages } from '../messages/en.ts';
import { applyChange } from './applyChange.ts';
import { keepClipMedia, keepVideoMedia } from './keepMedia.ts';
import type { Library } from './library.svelte.ts';
import { Throttle } from './throttle.ts';

export interface Waveform {
  hopSeconds: number;
  peaks: number[];
  cutsSeconds: number[];
}

const refreshEveryMs = 1200;

type NewEdit = NonNullable<RouteArguments<'createClipEdit'>['body']>;
type ClipChange = Partial<Pick<Clip, 'title' | 'state' | 'cover' | 'tags'>>;

/** All that one video's page shows, kept up to date by the live stream. */
export class VideoPage {
  readonly id: string;
  video = $state.raw<Video | null>(null);
  clips = $state.raw<readonly Clip[]>([]);
  transcript = $state.raw<Transcript | null>(null);
  /** Whether it was answered that there are words, or none: before that nothing is said of them. */
  knowsWords = $state(false);
  waveform = $state.raw<Waveform | null>(null);
  insight = $state.raw<Insight | null>(null);
  status = $state<'loading' | 'ready' | 'gone' | 'failed'>('loading');
  error = $state('');
  /** The clip that keys and selected words cut: the one that had the focus last, or was picked. */
  chosenId = $state<string | null>(null);
  /** Counts how often somebody asked to cut by words: the words are opened and shown then. */
  askedForWords = $state(0);
  /** Whether the chosen clip is cut across the page: picture and words beside each other, its time line below them. */
  isWide = $state(false);
  readonly chosen = $derived(this.clips.find(({ id }) => id === this.chosenId) ?? null);
  readonly #lines = new Map<string, Promise<void>>();
  /** The newest version of the words that was heard of, and how many edits of them are on their way. */
  #heardVersion = 0;
  #wordsUnanswered = 0;
  #unanswered: { clipId: string; change: ClipChange }[] = [];
  /** How often the video was asked for, and which of the questions the shown one answers. */
  #asked = 0;
  #taken = 0;
  /** While it is being deleted, what is heard of it needs no question: the answer would be that it is gone. */
  #isLeaving = false;
  /** How many changes of clips were answered. */
  #answers = 0;
  readonly #call: Call;
  readonly #t: Messages;
  readonly #refreshes = new Throttle(refreshEveryMs, (what) => void (what === 'clips' ? this.#loadClips() : this.#loadVideo()));

  constructor(id: string, call: Call, t: Messages) {
    this.id = id;
    this.#call = call;
    this.#t = t;
  }

  async load(): Promise<void> {
    await Promise.all([this.#loadVideo(), this.#loadClips()]);
  }

  stop(): void {
    this.#refreshes.stop();
  }

  hear(message: LiveMessage): void {
    if (this.status === 'gone' || this.#isLeaving) {
      return;
    }
    if (message.kind === 'resync') {
      void this.load();
      return;
    }
    if (message.kind === 'progress') {
      if (message.progress.videoId === this.id) {
        this.#apply(message.progress);
        this.#refreshes.nudge('video');
      }
      return;
    }
    const { event } = message;
    if (event.videoId !== this.id) {
      return;
    }
    if (event.type === 'video.deleted') {
      this.status = 'gone';
      this.#refreshes.stop();
      return;
    }
    if (event.type === 'transcript.edited') {
      this.#heardVersion = Math.max(this.#heardVersion, Number(event.data['version'] ?? Number.POSITIVE_INFINITY));
      this.#catchUp();
    }
    if (event.type === 'transcript.ready') {
      void this.#optional(() => this.#loadTranscript());
    }
    if (event.type.startsWith('safety.') || event.type === 'transcript.edited') {
      void this.#optional(() => this.#loadInsight());
    }
    this.#refreshes.nudge('video');
    if (!event.type.startsWith('task.') && !event.type.startsWith('upload.')) {
      this.#refreshes.nudge('clips');
    }
  }

  /** Corrects words or names speakers; the answer is what changed. On a conflict the words are loaded anew before it throws. */
  async updateTranscript(body: NonNullable<RouteArguments<'updateTranscript'>['body']>): Promise<void> {
    this.#wordsUnanswered += 1;
    try {
      const change = await this.#call('updateTranscript', { params: { id: this.id }, body });
      // Whatever was loaded meanwhile may have it already.
      if (this.transcript?.version === body.version) {
        this.transcript = applyChange(this.transcript, change);
      }
    } catch (error) {
      if (error instanceof ApiError && error.code === 'conflict') {
        await this.#loadTranscript();
      }
      throw error;
    } finally {
      this.#wordsUnanswered -= 1;
      this.#catchUp();
    }
  }

  /** Loads the words anew when somebody else has edited them; one's own edits are told by their answers. */
  #catchUp(): void {
    if (this.#wordsUnanswered === 0 && this.transcript !== null && this.#heardVersion > this.transcript.version) {
      this.#heardVersion = 0;
      void this.#optional(() => this.#loadTranscript());
    }
  }

  /** Asks a person to look at a refused clip again. */
  async appealClip(clip: Clip, message: string): Promise<void> {
    this.#takeClip(await this.#call('appealClip', { params: { id: clip.id }, body: { message } }));
  }

  async retry(): Promise<void> {
    const video = await this.#call('retryVideo', { params: { id: this.id } });
    // Whatever was asked before knows nothing of this.
    this.#taken = this.#asked;
    this.#take(video);
    await this.#loadClips();
  }

  /** Deletes the video. Until that is answered, what is heard of it is passed over. */
  async remove(library: Pick<Library, 'deleteVideo'>): Promise<void> {
    this.#isLeaving = true;
    this.#refreshes.stop();
    try {
      await library.deleteVideo(this.id);
    } catch (error) {
      this.#isLeaving = false;
      void this.load();
      throw error;
    }
  }

  async updateClip(clip: Clip, change: ClipChange): Promise<void> {
    // Shown at once, put back if the server refuses.
    this.#takeClip({ ...this.#now(clip), ...change });
    this.#unanswered.push({ clipId: clip.id, change });
    await this.#inLine(clip.id, async () => {
      try {
        const answer = await this.#call('updateClip', { params: { id: clip.id }, body: change }, { ifMatch: this.#now(clip).version });
        this.#answered(change);
        const later = this.#unanswered.filter(({ clipId }) => clipId === clip.id).map((waiting) => waiting.change);
        this.#takeClip(Object.assign({}, answer, ...later) as Clip);
      } catch (error) {
        this.#answered(change);
        this.#takeClip(clip);
        await this.#showNow(clip, error);
        throw error;
      }
    });
  }

  /** Changes of a clip go one after the other, each on top of what the one before has made of it: a quick hand is no second person. */
  #inLine(clipId: string, work: () => Promise<void>): Promise<void> {
    const own = (this.#lines.get(clipId) ?? Promise.resolve()).then(work);
    this.#lines.set(
      clipId,
      own.catch(() => undefined),
    );
    return own;
  }

  #answered(change: ClipChange): void {
    this.#answers += 1;
    this.#unanswered = this.#unanswered.filter((waiting) => waiting.change !== change);
  }

  /** A clip as it is known by now. */
  #now(clip: Clip): Clip {
    return this.clips.find(({ id }) => id === clip.id) ?? clip;
  }

  /** Takes pauses and filler words out of a clip. */
  async tighten(clip: Clip): Promise<void> {
    await this.#edit(clip, ({ editVersion }) => ({ kind: 'tighten', baseVersion: editVersion }));
  }

  /** Cuts a clip anew: `change` is given its pieces as they are when its turn has come. Answers null, and does nothing, where that does. */
  cut(clip: Clip, change: (segments: Clip['segments']) => Clip['segments'] | null): Promise<Clip | null> {
    return this.#edit(clip, ({ segments, editVersion }) => {
      const changed = change(segments);
      return changed && { kind: 'segments', segments: changed, baseVersion: editVersion };
    });
  }

  async #edit(clip: Clip, editOf: (now: Clip) => NewEdit | null): Promise<Clip | null> {
    let changed: Clip | null = null;
    await this.#inLine(clip.id, async () => {
      const body = editOf(this.#now(clip));
      if (body === null) {
        return;
      }
      try {
        changed = await this.#call('createClipEdit', { params: { id: clip.id }, body }, { idempotencyKey: newKey() });
        this.#answers += 1;
        this.#takeClip(changed);
      } catch (error) {
        await this.#showNow(clip, error);
        throw error;
      }
    });
    return changed;
  }

  /** Goes back to the version that the present one was made on, or on to the newest that was made on it. Answers null where there is none. */
  stepEdit(clip: Clip, way: 'undo' | 'redo'): Promise<Clip | null> {
    return this.#choose(clip, (now) => (way === 'undo' ? now.undoVersion : now.redoVersion));
  }

  /** The versions of a clip's cut, newest first. */
  async listEdits(clip: Clip): Promise<readonly ClipEdit[]> {
    return (await this.#call('listClipEdits', { params: { id: clip.id } })).items;
  }

  /** Makes a version the present one. Answers null where it is that already. */
  chooseEdit(clip: Clip, version: number): Promise<Clip | null> {
    return this.#choose(clip, (now) => (now.editVersion === version ? null : version));
  }

  async #choose(clip: Clip, versionOf: (now: Clip) => number | null): Promise<Clip | null> {
    let changed: Clip | null = null;
    await this.#inLine(clip.id, async () => {
      const now = this.#now(clip);
      const version = versionOf(now);
      if (version === null) {
        return;
      }
      try {
        changed = await this.#call('chooseClipEdit', { params: { id: clip.id }, body: { version } }, { ifMatch: now.version });
        this.#answers += 1;
        this.#takeClip(changed);
      } catch (error) {
        await this.#showNow(clip, error);
        throw error;
      }
    });
    return changed;
  }

  /** Shows a clip as somebody else has left it, when a change was refused for that. */
  async #showNow(clip: Clip, error: unknown): Promise<void> {
    if (error instanceof ApiError && ['precondition_failed', 'conflict'].includes(error.code)) {
      this.#takeClip(await this.#call('getClip', { params: { id: clip.id } }));
    }
  }

  async addRendition(clip: Clip, wish: NonNullable<RouteArguments<'createRendition'>['body']>, idempotencyKey: string): Promise<Rendition> {
    const rendition = await this.#call('createRendition', { params: { id: clip.id }, body: wish }, { idempotencyKey });
    this.#takeRendition(rendition);
    return rendition;
  }

  async retryRendition(rendition: Rendition): Promise<void> {
    this.#takeRendition(await this.#call('retryRendition', { params: { id: rendition.id } }));
  }

  async removeRendition(rendition: Rendition): Promise<void> {
    await this.#call('cancelRendition', { params: { id: rendition.id } });
    await this.#loadClips();
  }

  /** Asks for fresh URLs of a rendition, for a download or after a player failed. */
  async renewRendition(renditionId: string): Promise<Rendition> {
    const rendition = await this.#call('getRendition', { params: { id: renditionId } });
    this.#takeRendition(rendition);
    return rendition;
  }

  /** Asks for fresh URLs of the preview after the player failed. */
  async renewVideo(): Promise<void> {
    this.video = await this.#call('getVideo', { params: { id: this.id } });
  }

  async #loadVideo(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const video = await this.#call('getVideo', { params: { id: this.id } });
      // An answer to what was asked before the deletion was heard of does not bring a video back.
      if (this.status === 'gone') {
        return;
      }
      // On a slow line answers may come in another order than the questions went.
      if (asked > this.#taken) {
        this.#taken = asked;
        this.#take(video);
      }
      this.status = 'ready';
      await this.#loadFacts();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #loadClips(): Promise<void> {
    try {
      const answers = this.#answers;
      const { items } = await this.#call('listClips', { params: { id: this.id } });
      if (answers !== this.#answers || this.#unanswered.length > 0) {
        // Read before a change of this page had its answer: older than what is shown.
        this.#refreshes.nudge('clips');
        return;
      }
      this.clips = keepClipMedia(this.clips, items);
    } catch (error) {
      if (this.status === 'ready' && !isGone(error)) {
        return;
      }
      this.#failed(error);
    }
  }

  /** The waveform never changes, and words only by an edit that says so: each is fetched once. */
  async #loadFacts(): Promise<void> {
    const isDone = (name: string) => this.video?.stages.some((stage) => stage.name === name && stage.state === 'done') ?? false;
    const isPast = (name: string) =>
      this.video?.stages.some((stage) => stage.name === name && ['done', 'skipped'].includes(stage.state)) ?? false;
    await Promise.all([
      this.transcript === null && isDone('transcript') && this.#optional(() => this.#loadTranscript()).then(() => (this.knowsWords = true)),
      this.insight === null && isPast('transcript') && this.#optional(() => this.#loadInsight()),
      this.waveform === null &&
        isDone('inspect') &&
        this.#optional(async () => {
          this.waveform = await this.#call('getWaveform', { params: { id: this.id } });
        }),
    ]);
  }

  async #loadTranscript(): Promise<void> {
    this.transcript = await this.#call('getTranscript', { params: { id: this.id } });
  }

  async #loadInsight(): Promise<void> {
    this.insight = await this.#call('getInsight', { params: { id: this.id } });
  }

  /** Takes over what an appeal answered. */
  takeInsight(insight: Insight): void {
    this.insight = insight;
  }

  async #optional(load: () => Promise<void>): Promise<void> {
    try {
      await load();
    } catch (error) {
      // There may be none of it; that is told where it would stand.
      if (!isGone(error)) {
        throw error;
      }
    }
  }

  #failed(error: unknown): void {
    if (isGone(error)) {
      this.status = 'gone';
      return;
    }
    this.error = messageOf(error, this.#t);
    if (this.status === 'loading') {
      this.status = 'failed';
    }
  }

  #take(video: Video): void {
    this.video = keepVideoMedia(this.video, video);
  }

  #takeClip(clip: Clip): void {
    const kept = keepClipMedia(this.clips, [clip])[0] ?? clip;
    this.clips = this.clips.map((item) => (item.id === clip.id ? kept : item));
  }

  #takeRendition(rendition: Rendition): void {
    this.clips = this.clips.map((clip) => {
      if (clip.id !== rendition.clipId) {
        return clip;
      }
      const isKnown = clip.renditions.some((item) => item.id === rendition.id);
      const renditions = isKnown
        ? clip.renditions.map((item) => (item.id === rendition.id ? rendition : item))
        : [...clip.renditions, rendition];
      return { ...clip, renditions };
    });
  }

  #apply({ renditionId, progress }: Progress): void {
    if (renditionId === null) {
      return;
    }
    this.clips = this.clips.map((clip) =>
      clip.renditions.some((rendition) => rendition.id === renditionId)
        ? {
            ...clip,
            renditions: clip.renditions.map((rendition) =>
              rendition.id === renditionId && (rendition.state === 'queued' || rendition.state === 'rendering')
                ? { ...rendition, progress, state: 'rendering' as const }
                : rendition,
            ),
          }
        : clip,
    );
  }
}
