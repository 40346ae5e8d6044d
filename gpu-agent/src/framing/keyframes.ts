/** A camera that a person placed by hand. */
import { cropEdge, type CropShares, type Keyframe, keyframeMiddle } from '@carmic/contract';
import type { CameraPoint, View } from './framing.ts';

/** The view of a whole clip from key frames: eased between them, at once where one says so. */
export function viewFromKeyframes(
  keyframes: readonly Keyframe[],
  zoom: number,
  largest: CropShares,
  frames: number,
  framesPerSecond: number,
): View {
  const shares = { widthShare: largest.widthShare / zoom, heightShare: largest.heightShare / zoom };
  const sorted = [...keyframes].sort((a, b) => a.atSeconds - b.atSeconds);
  const path: CameraPoint[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const { x, y } = keyframeMiddle(sorted, frame / framesPerSecond);
    const point = { frame, left: cropEdge(x, shares.widthShare), top: cropEdge(y, shares.heightShare) };
    const last = path.at(-1);
    if (!last || last.left !== point.left || last.top !== point.top) {
      path.push(point);
    }
  }
  return { ...shares, path };
}
