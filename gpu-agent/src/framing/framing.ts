import type { Layout } from '@carmic/contract';
import type { Timeline } from '../render/timeline.ts';

/** Where the camera looks from a frame on, as shares of the displayed picture: the left and upper edge of the crop. */
export interface CameraPoint {
  /** Counted from the segment's first frame. */
  frame: number;
  left: number;
  top: number;
}

/** How a segment is brought to the shape of the clip. */
export type SegmentFraming =
  { kind: 'whole' } | { kind: 'fit' } | { kind: 'crop'; widthShare: number; heightShare: number; path: readonly CameraPoint[] };

/** How a clip is framed: one layout, a reason for people, and a framing for every segment of the picture. */
export interface Framing {
  layout: Layout;
  reason: string;
  /** The clip's time line, cut further where the framing changes its kind. */
  picture: Timeline;
  /** One for each segment of `picture`. */
  segments: readonly SegmentFraming[];
}

/** Shapes closer than this are the same shape: nobody sees a hundredth of the picture go. */
const sameShape = 0.02;

/** Share of the picture's width and height that a crop of the wanted shape takes; null when the shapes are the same. */
export function cropShares(
  source: { width: number; height: number },
  output: { width: number; height: number },
): { widthShare: number; heightShare: number } | null {
  const ratio = output.width / output.height / (source.width / source.height);
  if (Math.abs(ratio - 1) < sameShape) {
    return null;
  }
  return ratio < 1 ? { widthShare: ratio, heightShare: 1 } : { widthShare: 1, heightShare: 1 / ratio };
}
