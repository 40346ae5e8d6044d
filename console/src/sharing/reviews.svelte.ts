import type { ClipComment, ClipLink, RouteArguments } from '@carmic/contract';
import type { Call } from '../api/client.ts';
import type { LiveMessage } from '../api/live.svelte.ts';

type Heard = ClipComment['kind'];

/** Links to the clips of one video, and what was said through them, kept up to date by the live stream. */
export class Reviews {
  links = $state.raw<readonly ClipLink[]>([]);
  comments = $state.raw<readonly ClipComment[]>([]);
  readonly #videoId: string;
  readonly #call: Call;
  readonly #onHeard: (clipId: string, kind: Heard) => void;
  readonly #onError: (error: unknown) => void;

  constructor(videoId: string, call: Call, on: { heard: (clipId: string, kind: Heard) => void; error: (error: unknown) => void }) {
    this.#videoId = videoId;
    this.#call = call;
    this.#onHeard = on.heard;
    this.#onError = on.error;
  }

  async load(): Promise<void> {
    try {
      const { links, comments } = await this.#call('listReviews', { params: { id: this.#videoId } });
      this.links = links;
      this.comments = comments;
    } catch (error) {
      this.#onError(error);
    }
  }

  hear(message: LiveMessage): void {
    if (message.kind === 'resync') {
      void this.load();
    }
    if (message.kind !== 'event' || message.event.videoId !== this.#videoId) {
      return;
    }
    const { type, subjectId, data } = message.event;
    if (type === 'clip.commented' && subjectId !== null) {
      const { kind } = data;
      this.#onHeard(subjectId, kind === 'approved' || kind === 'changes_requested' ? kind : 'comment');
    }
    if (type === 'clip.commented' || type === 'clip.comment_changed' || type.startsWith('clip.link_')) {
      void this.load();
    }
  }

  /** Makes a link and answers its address. */
  async makeLink(clipId: string, body: NonNullable<RouteArguments<'createClipLink'>['body']>): Promise<string> {
    const { link, url } = await this.#call('createClipLink', { params: { id: clipId }, body });
    this.links = [...this.links, link];
    return url;
  }

  async takeBack(id: string): Promise<void> {
    await this.#call('deleteClipLink', { params: { id } });
    this.links = this.links.filter((link) => link.id !== id);
  }

  async setDone({ id }: ClipComment, isDone: boolean): Promise<void> {
    const changed = await this.#call('updateClipComment', { params: { id }, body: { isDone } });
    this.comments = this.comments.map((comment) => (comment.id === id ? changed : comment));
  }

  async remove({ id }: ClipComment): Promise<void> {
    await this.#call('deleteClipComment', { params: { id } });
    this.comments = this.comments.filter((comment) => comment.id !== id);
  }
}
