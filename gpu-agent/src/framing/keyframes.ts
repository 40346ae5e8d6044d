/** A camera that a person placed by hand. */
import type { FramingWish } from '@carmic/contract';
import type { CameraPoint, CropShares, View } from './framing.ts';

type Keyframe = NonNullable<FramingWish['keyframes']>[number];

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
  const edge = (middle: number, share: number) => Math.min(1 - share, Math.max(0, middle - share / 2));
  const path: CameraPoint[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const { x, y } = positionAt(sorted, frame / framesPerSecond);
    const point = { frame, left: edge(x, shares.widthShare), top: edge(y, shares.heightShare) };
    const last = path.at(-1);
    if (!last || last.left !== point.left || last.top !== point.top) {
      path.push(point);
    }
  }
  return { ...shares, path };
}

function positionAt(keyframes: readonly Keyframe[], seconds: number): { x: number; y: number } {
  const half = 1e-6;
  const nextIndex = keyframes.findIndex((keyframe) => keyframe.atSeconds > seconds + half);
  const next = nextIndex < 0 ? undefined : keyframes[nextIndex];
  const before = nextIndex < 0 ? keyframes.at(-1) : keyframes[nextIndex - 1];
  if (!before || !next || next.isJump) {
    const held = before ?? next ?? { x: 0.5, y: 0.5 };
    return { x: held.x, y: held.y };
  }
  const share = (seconds - before.atSeconds) / (next.atSeconds - before.atSeconds);
  const eased = share * share * (3 - 2 * share);
  return { x: before.x + (next.x - before.x) * eased, y: before.y + (next.y - before.y) * eased };
}
