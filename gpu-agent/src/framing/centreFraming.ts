import type { RenderSpec } from '@carmic/contract';
import { cropShares, type Framing, type SegmentFraming } from './framing.ts';

/** Frames without looking: the picture as it is when it has the shape already, otherwise its middle. */
export function centreFraming(spec: RenderSpec, segmentCount: number, reason: string): Framing {
  const shares = cropShares(spec.probe, spec.output);
  const framing: SegmentFraming =
    shares === null
      ? { kind: 'whole' }
      : { kind: 'crop', ...shares, path: [{ frame: 0, left: (1 - shares.widthShare) / 2, top: (1 - shares.heightShare) / 2 }] };
  return {
    layout: 'center',
    reason: shares === null ? 'The video already has this shape, so the whole picture is kept.' : reason,
    segments: Array.from({ length: segmentCount }, () => framing),
  };
}
