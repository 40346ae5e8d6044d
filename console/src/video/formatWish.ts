import type { Aspect, CaptionBreak, CaptionOptions, CaptionStyle, Clip, FramingWish, Probe, Rendition } from '@carmic/contract';

/** What is to be rendered. */
export interface FormatWish {
  aspect: Aspect;
  captionStyle: CaptionStyle;
  captionOptions: CaptionOptions;
  /** An approved translation that is burned in; undefined: the words as they are spoken. */
  captionLanguage?: string | undefined;
  /** Undefined: the default kit, if there is one. Null: none. */
  brandKitId?: string | null | undefined;
  framing?: FramingWish | undefined;
}

/** Begins with what the newest rendition had. Key frames count in the time of their cut, so another cut does not have them. */
export function startWish(rendition: Rendition | undefined, clip: Pick<Clip, 'editVersion'>): FormatWish {
  const framing = rendition?.framing ?? null;
  const isOtherCut = rendition?.editVersion !== clip.editVersion;
  const kept = framing?.keyframes && isOtherCut ? null : framing;
  return {
    aspect: rendition?.aspect ?? '9:16',
    captionStyle: rendition?.captionStyle ?? 'karaoke',
    captionOptions: rendition?.captionOptions ?? {},
    ...(rendition?.captionLanguage && { captionLanguage: rendition.captionLanguage }),
    ...(rendition && { brandKitId: rendition.brandKitId }),
    ...(kept && { framing: kept }),
  };
}

/** Where a person wants lines to break in a language: as the newest rendition with these words has it. */
export function breaksOf(clip: Pick<Clip, 'renditions'>, language: string | null): CaptionBreak[] | undefined {
  return clip.renditions.findLast(({ captionLanguage, captionOptions }) => captionLanguage === language && captionOptions.breaks)
    ?.captionOptions.breaks;
}

/** The newest rendition that is framed as the wish will be: it tells where faces will stand. */
export function findFramedAlike(clip: Clip, { aspect, framing }: Pick<FormatWish, 'aspect' | 'framing'>): Rendition | undefined {
  const wanted = framingKey(framing ?? null);
  return clip.renditions
    .filter(({ state, editVersion }) => state === 'ready' && editVersion === clip.editVersion)
    .filter((rendition) => rendition.aspect === aspect && framingKey(rendition.framing) === wanted)
    .reduce<Rendition | undefined>((newest, each) => (newest && newest.createdAt > each.createdAt ? newest : each), undefined);
}

/** Text that is the same for the same wish; the server does not keep the order of fields. */
function framingKey(framing: FramingWish | null): string {
  const { layout, keyframes = [], zoom = 1 } = framing ?? {};
  const places = keyframes.map(({ atSeconds, x, y, isJump = false }) => [atSeconds, x, y, isJump]);
  return JSON.stringify(places.length > 0 ? [places, zoom] : [layout ?? null]);
}

const ratios: Record<Aspect, readonly [number, number]> = { '9:16': [9, 16], '1:1': [1, 1], '4:5': [4, 5], '16:9': [16, 9] };

/** The size the server renders a shape in, so that captions are planned for exactly that. */
export function previewSize(aspect: Aspect, probe: Pick<Probe, 'width' | 'height'>): { width: number; height: number } {
  const short = Math.min(probe.width, probe.height) >= 720 ? 1080 : 720;
  const [across, down] = ratios[aspect];
  const even = (value: number) => Math.round(value / 2) * 2;
  const scale = short / Math.min(across, down);
  return { width: even(across * scale), height: even(down * scale) };
}
