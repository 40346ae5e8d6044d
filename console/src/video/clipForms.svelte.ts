import { type Aspect, aspects, type Clip, type Rendition, type Translation } from '@carmic/contract';
import { breaksOf, type FormatWish, startWish } from './formatWish.ts';
import { pickRenditions } from './pickRenditions.ts';

/** A language of captions; null is what is spoken, which needs nobody's approval. */
export interface ClipLanguage {
  language: string | null;
  track: Translation | undefined;
  /** In the chosen shape, if it is there. */
  rendition: Rendition | undefined;
}

/** The shapes and languages of one clip, and which of them a person looks at. */
export class ClipForms {
  #aspect = $state<Aspect | null>(null);
  /** Undefined until a person chooses: what is spoken, where the shape is there with it. */
  #language = $state<string | null | undefined>();
  readonly #clip: () => Clip;
  readonly #tracks: () => readonly Translation[];

  readonly renditions = $derived.by(() => pickRenditions(this.#clip().renditions));
  readonly #shapes = $derived.by(() => aspects.filter((each) => this.renditions.some(({ aspect }) => aspect === each)));
  /** The shape that is shown; undefined where nothing was rendered. */
  readonly aspect = $derived.by(() => this.#shapes.find((each) => each === this.#aspect) ?? this.#shapes[0]);
  readonly languages = $derived.by(() => {
    const tracks = this.#tracks();
    const names = [null, ...tracks.map(({ language }) => language), ...this.renditions.map(({ captionLanguage }) => captionLanguage)];
    return [...new Set(names)].map((language): ClipLanguage => ({
      language,
      track: tracks.find((track) => track.language === language),
      rendition: this.#find(this.aspect, language),
    }));
  });
  /** The language that is shown. */
  readonly chosen: ClipLanguage = $derived.by(() => {
    const wanted = this.#language === undefined ? undefined : this.languages.find(({ language }) => language === this.#language);
    const nothing: ClipLanguage = { language: null, track: undefined, rendition: undefined };
    return wanted ?? this.languages.find(({ rendition }) => rendition) ?? this.languages[0] ?? nothing;
  });
  readonly formats = $derived.by(() => this.#shapes.map((aspect) => ({ aspect, rendition: this.#find(aspect, this.chosen.language) })));

  constructor(clip: () => Clip, tracks: () => readonly Translation[]) {
    this.#clip = clip;
    this.#tracks = tracks;
  }

  #find(shape: Aspect | undefined, spokenIn: string | null): Rendition | undefined {
    return this.renditions.find(({ aspect, captionLanguage }) => aspect === shape && captionLanguage === spokenIn);
  }

  chooseAspect(aspect: Aspect): void {
    this.#aspect = aspect;
  }

  chooseLanguage(language: string | null): void {
    this.#language = language;
  }

  /** A shape as it is, with captions in the language that is shown, whose breaks are its own. */
  wishFor(shape: Aspect): FormatWish {
    const clip = this.#clip();
    const { language } = this.chosen;
    const like = this.renditions.find(({ aspect }) => aspect === shape);
    const { captionLanguage: _, ...wish } = startWish(like, clip);
    const { breaks: __, ...options } = wish.captionOptions;
    const breaks = breaksOf(clip, language);
    return {
      ...wish,
      captionStyle: wish.captionStyle === 'none' && language !== null ? 'karaoke' : wish.captionStyle,
      captionOptions: { ...options, ...(breaks && { breaks }) },
      ...(language !== null && { captionLanguage: language }),
    };
  }
}
