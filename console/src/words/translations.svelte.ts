import type { Translation } from '@carmic/contract';
import { messageOf, type Call } from '../api/client.ts';
import type { LiveMessage } from '../api/live.svelte.ts';
import type { Messages } from '../messages/en.ts';

/** The caption tracks of one video in other languages, kept up to date by the live stream. */
export class Translations {
  tracks = $state.raw<readonly Translation[]>([]);
  /** Whether they were loaded once. */
  isLoaded = $state(false);
  /** Why they could not be loaded; empty when they could. */
  problem = $state('');
  readonly #videoId: string;
  readonly #call: Call;
  readonly #t: Messages;

  constructor(videoId: string, call: Call, t: Messages) {
    this.#videoId = videoId;
    this.#call = call;
    this.#t = t;
  }

  async load(): Promise<void> {
    try {
      this.tracks = (await this.#call('listTranslations', { params: { id: this.#videoId } })).items;
      this.isLoaded = true;
      this.problem = '';
    } catch (error) {
      this.problem = messageOf(error, this.#t);
    }
  }

  hear(message: LiveMessage): void {
    const isOurs =
      message.kind === 'event' && message.event.videoId === this.#videoId && /^(translation|transcript)\./.test(message.event.type);
    if (message.kind === 'resync' || isOurs) {
      void this.load();
    }
  }

  async remove({ id }: Translation): Promise<void> {
    await this.#call('deleteTranslation', { params: { id } });
    this.tracks = this.tracks.filter((track) => track.id !== id);
  }
}
