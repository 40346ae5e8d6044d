import { type CropShares, type Layout, largestCrop } from '@carmic/contract';
import type { Timeline } from '../render/timeline.ts';

export { type CropShares, largestCrop };

/** Where the camera looks from a frame on, as shares of the displayed picture: the left and upper edge of the crop. */
export interface CameraPoint {
  /** Counted from the segment's first frame. */
  frame: number;
  left: number;
  top: number;
}

/** A part of the picture, as shares of it, which may move. */
export interface View {
  widthShare: number;
  heightShare: number;
  path: readonly CameraPoint[];
}

/** A cell of the finished picture, as shares of it. */
export interface Cell {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** How a segment is brought to the shape of the clip; panels fill the finished picture without gaps. */
export type SegmentFraming =
  { kind: 'whole' } | { kind: 'fit' } | ({ kind: 'crop' } & View) | { kind: 'panels'; panels: readonly { view: View; cell: Cell }[] };

/** How a clip is framed: one layout, a reason for people, and a framing for every segment of the picture. */
export interface Framing {
  /** The layout of most of the clip. */
  layout: Layout;
  reason: string;
  /** The clip's time line, cut further where the framing changes its kind. */
  picture: Timeline;
  /** One for each segment of `picture`. */
  segments: readonly SegmentFraming[];
}

/** Shapes closer than this are the same shape: nobody sees a hundredth of the picture go. */
const sameShape = 0.02;

export interface Size {
  width: number;
  height: number;
}

/** Shares of the largest crop of the wanted shape; null when the shapes are the same. */
export function cropShares(source: Size, output: Size): CropShares | null {
  const shares = largestCrop(source, output);
  return Math.abs(shares.widthShare * shares.heightShare - 1) < sameShape ? null : shares;
}
