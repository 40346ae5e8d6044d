import type { Transcript, Translation } from '@carmic/contract';
import type { Call } from '../api/client.ts';

type Words = Pick<Transcript, 'language' | 'words'>;

/** The words that captions can be made of: as they are spoken, and approved translations, whose words are fetched when they are chosen. */
export class CaptionWords {
  tracks = $state.raw<readonly Translation[]>([]);
  #fetched = $state.raw<ReadonlyMap<string, Words>>(new Map());
  readonly #call: Call;
  readonly #spoken: () => Words | null;

  /** `spoken` is asked each time: a dialog may be open before the transcript is here. */
  constructor(call: Call, spoken: () => Words | null) {
    this.#call = call;
    this.#spoken = spoken;
  }

  async load(videoId: string): Promise<void> {
    const { items } = await this.#call('listTranslations', { params: { id: videoId } });
    this.tracks = items.filter(({ state }) => state === 'approved');
  }

  /** Null while they are not here. */
  of(language: string | null): Words | null {
    return language === null ? this.#spoken() : (this.#fetched.get(language) ?? null);
  }

  async fetch(language: string | null): Promise<void> {
    const track = this.tracks.find((each) => each.language === language);
    if (track === undefined || this.#fetched.has(track.language)) {
      return;
    }
    const [{ lines }, { wordsOfLine }] = await Promise.all([
      this.#call('getTranslation', { params: { id: track.id } }),
      import('../captions/captionPreview.ts'),
    ]);
    const words = lines.flatMap((line) => wordsOfLine(line));
    this.#fetched = new Map(this.#fetched).set(track.language, { language: track.language, words });
  }
}
