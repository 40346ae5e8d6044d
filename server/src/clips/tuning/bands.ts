import type { EncodingBand, RenderResult } from '@carmic/contract';

/** A finished clip, or one that is to be made. */
export type BandedClip = Pick<RenderResult, 'width' | 'height' | 'frameRate' | 'durationSeconds'>;

/** The band that a clip is in: bounds so wide that they say nothing of a clip. */
export function bandOf(clip: BandedClip): Omit<EncodingBand, 'encoder'> {
  const { frameRate, durationSeconds: seconds } = clip;
  const lines = Math.min(clip.width, clip.height);
  return {
    resolution: lines <= 540 ? 'sd' : lines <= 800 ? 'hd' : lines <= 1200 ? 'full_hd' : 'ultra_hd',
    frameRate: frameRate <= 26 ? 'film' : frameRate <= 31 ? 'video' : 'fast',
    duration: seconds < 15 ? 'under_15' : seconds < 30 ? 'under_30' : seconds < 60 ? 'under_60' : 'longer',
  };
}
