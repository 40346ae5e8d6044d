/** A clip's cut as editing programs need it: counted in frames of the source. Pure. */
import type { Probe, Span } from '@carmic/contract';
import { planTimeline, rateValue } from '@carmic/captions';

/** One piece of the source in the cut. */
export interface CutPiece {
  /** First frame in the source, and how many. */
  sourceFrame: number;
  frames: number;
  /** First frame in the cut. */
  cutFrame: number;
}

export interface Cut {
  title: string;
  /** The file's own name, by which an editing program finds it again. */
  fileName: string;
  rate: { numerator: number; denominator: number };
  sourceFrames: number;
  frameCount: number;
  pieces: CutPiece[];
  width: number;
  height: number;
  hasSound: boolean;
}

/** Editing programs want whole frames; the cut is on the same grid as the rendering. */
const maxFrameRate = 60;

/** Plans the cut of an edit list. */
export function planCut(title: string, fileName: string, segments: readonly Span[], probe: Probe): Cut {
  const timeline = planTimeline(segments, probe, maxFrameRate);
  const perSecond = rateValue(timeline.rate);
  return {
    title,
    fileName,
    rate: timeline.rate,
    sourceFrames: Math.floor(probe.durationSeconds * perSecond),
    frameCount: timeline.frameCount,
    pieces: timeline.segments.map(({ sourceSeconds, frames, outFrame }) => ({
      sourceFrame: Math.round(sourceSeconds * perSecond),
      frames,
      cutFrame: outFrame,
    })),
    width: probe.width,
    height: probe.height,
    hasSound: probe.audioCodec !== null,
  };
}
