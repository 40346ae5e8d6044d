import type { Aspect, CaptionStyle, VideoOptions } from '@carmic/contract';

export type LengthPreset = 'short' | 'medium' | 'long' | 'custom';

/** What the sheet before an upload lets a person choose. */
export interface DraftOptions {
  clipCount: number;
  aspects: readonly Aspect[];
  captionStyle: CaptionStyle;
  /** Undefined: the default kit, if there is one. Null: none. */
  brandKitId: string | null | undefined;
  length: LengthPreset;
  minSeconds: number;
  maxSeconds: number;
}

/** Shortest and longest clip of each preset, in seconds. */
export const lengthPresets: Readonly<Record<Exclude<LengthPreset, 'custom'>, readonly [number, number]>> = {
  short: [10, 30],
  medium: [15, 60],
  long: [45, 90],
};

export const clipCountRange = { min: 1, max: 50 } as const;

/** What most people want: five vertical clips of 15 to 60 seconds with captions. */
export function defaultOptions(): DraftOptions {
  return {
    clipCount: 5,
    aspects: ['9:16'],
    captionStyle: 'karaoke',
    brandKitId: undefined,
    length: 'medium',
    minSeconds: 15,
    maxSeconds: 60,
  };
}

/** Whether the chosen lengths are ones the server takes. */
export function isLengthValid({ minSeconds, maxSeconds }: DraftOptions): boolean {
  return minSeconds >= 5 && minSeconds <= 180 && maxSeconds >= 8 && maxSeconds <= 180 && maxSeconds > minSeconds;
}

/** The choice as the API takes it. */
export function toVideoOptions(draft: DraftOptions): Partial<VideoOptions> {
  return {
    clipCount: draft.clipCount,
    aspects: [...draft.aspects],
    captionStyle: draft.captionStyle,
    ...(draft.brandKitId !== undefined && { brandKitId: draft.brandKitId }),
    minClipSeconds: draft.minSeconds,
    maxClipSeconds: draft.maxSeconds,
  };
}
