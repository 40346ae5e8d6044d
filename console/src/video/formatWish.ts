import type { Aspect, CaptionOptions, CaptionStyle, FramingWish, Probe, Rendition } from '@carmic/contract';

/** What is to be rendered. */
export interface FormatWish {
  aspect: Aspect;
  captionStyle: CaptionStyle;
  captionOptions: CaptionOptions;
  /** Undefined: the default kit, if there is one. Null: none. */
  brandKitId?: string | null | undefined;
  framing?: FramingWish | undefined;
}

/** Begins with what the newest rendition had. */
export function startWish(rendition: Rendition | undefined): FormatWish {
  return {
    aspect: rendition?.aspect ?? '9:16',
    captionStyle: rendition?.captionStyle ?? 'karaoke',
    captionOptions: rendition?.captionOptions ?? {},
    ...(rendition && { brandKitId: rendition.brandKitId }),
  };
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
