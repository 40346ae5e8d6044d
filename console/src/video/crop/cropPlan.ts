/** A crop that is placed by hand: key frames on the clip's time line. Every change answers a new plan, so that it can be undone. */
import {
  cropEdge,
  type CropPath,
  type CropShares,
  type FramingWish,
  type Keyframe,
  keyframeMiddle,
  simplifyPath,
  type Span,
} from '@carmic/contract';

export interface CropPlan {
  /** In order of time; none where the crop is placed by looking. */
  keyframes: readonly Keyframe[];
  zoom: number;
}

export interface CropRect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Middle {
  x: number;
  y: number;
}

export const mostKeyframes = 200;
export const automaticPlan: CropPlan = { keyframes: [], zoom: 1 };
/** Closer than this, two moments are one: less than a frame. */
const sameMoment = 0.015;
/** An automatic path is taken over this closely, so that a person has few key frames to deal with. */
const takenTolerance = 0.02;
/** A move within this time is a jump. */
const jumpSeconds = 0.05;

/** The plan of a rendition that was placed by hand. */
export function planFromWish(wish: FramingWish | null): CropPlan {
  const keyframes = [...(wish?.keyframes ?? [])].sort((a, b) => a.atSeconds - b.atSeconds);
  return keyframes.length === 0 ? automaticPlan : { keyframes, zoom: wish?.zoom ?? 1 };
}

/** What is asked of the server; undefined lets it be placed by looking. */
export function wishFromPlan({ keyframes, zoom }: CropPlan): FramingWish | undefined {
  return keyframes.length === 0 ? undefined : { keyframes: keyframes.map((keyframe) => ({ ...keyframe })), zoom };
}

export function findKeyframe({ keyframes }: CropPlan, seconds: number): Keyframe | undefined {
  return keyframes.find((keyframe) => Math.abs(keyframe.atSeconds - seconds) < sameMoment);
}

/** Sets the crop at a time: a new key frame, or another place for the one that is there. */
export function setKeyframe(plan: CropPlan, seconds: number, { x, y }: Middle): CropPlan {
  const known = findKeyframe(plan, seconds);
  const placed = { ...known, atSeconds: known?.atSeconds ?? round(Math.max(0, seconds)), x: round(x), y: round(y) };
  return withKeyframes(plan, [...plan.keyframes.filter((keyframe) => keyframe !== known), placed]);
}

/** Moves a key frame in time; one that is in the way gives way. */
export function moveKeyframe(plan: CropPlan, keyframe: Keyframe, seconds: number): CropPlan {
  const others = plan.keyframes.filter((other) => other !== keyframe && Math.abs(other.atSeconds - seconds) >= sameMoment);
  return withKeyframes(plan, [...others, { ...keyframe, atSeconds: round(Math.max(0, seconds)) }]);
}

export function removeKeyframe(plan: CropPlan, keyframe: Keyframe): CropPlan {
  return withKeyframes(
    plan,
    plan.keyframes.filter((other) => other !== keyframe),
  );
}

export function setJump(plan: CropPlan, keyframe: Keyframe, isJump: boolean): CropPlan {
  const { isJump: _, ...rest } = keyframe;
  return withKeyframes(plan, [...plan.keyframes.filter((other) => other !== keyframe), isJump ? { ...rest, isJump } : rest]);
}

function withKeyframes({ zoom }: CropPlan, keyframes: readonly Keyframe[]): CropPlan {
  const sorted = [...keyframes].sort((a, b) => a.atSeconds - b.atSeconds);
  return sorted.length === 0 ? automaticPlan : { keyframes: sorted, zoom };
}

/** The crop at a time, as the agent will cut it. */
export function cropAt({ keyframes, zoom }: CropPlan, largest: CropShares, seconds: number): CropRect {
  return rectAround(keyframeMiddle(keyframes, seconds), largest, zoom);
}

/** A crop around a middle, inside the picture. */
export function rectAround({ x, y }: Middle, largest: CropShares, zoom: number): CropRect {
  const [width, height] = [largest.widthShare / zoom, largest.heightShare / zoom];
  return { left: cropEdge(x, width), top: cropEdge(y, height), width, height };
}

export function middleOf({ left, top, width, height }: CropRect): Middle {
  return { x: left + width / 2, y: top + height / 2 };
}

/** The crops that were computed, at a time. */
export function pathRectsAt(crops: readonly CropPath[], seconds: number): CropRect[] {
  return crops
    .filter(({ startSeconds, endSeconds }) => seconds >= startSeconds - 1e-6 && seconds < endSeconds)
    .flatMap(({ points, width, height }) => {
      const nextIndex = points.findIndex((point) => point.atSeconds > seconds);
      const next = nextIndex < 0 ? points.at(-1) : points[nextIndex];
      const before = points[(nextIndex < 0 ? points.length : nextIndex) - 1] ?? next;
      if (before === undefined || next === undefined) {
        return [];
      }
      const along = next === before ? 0 : (seconds - before.atSeconds) / (next.atSeconds - before.atSeconds);
      return [{ left: before.left + (next.left - before.left) * along, top: before.top + (next.top - before.top) * along, width, height }];
    });
}

/** The computed path as key frames; null where it is not one crop all the time, or turns too often. */
export function planFromPath(crops: readonly CropPath[], durationSeconds: number): CropPlan | null {
  const sorted = [...crops].sort((a, b) => a.startSeconds - b.startSeconds);
  const size = sorted[0];
  const isOneCrop = sorted.every(
    (crop, index) =>
      Math.abs(crop.startSeconds - (sorted[index - 1]?.endSeconds ?? 0)) < jumpSeconds &&
      Math.abs(crop.width - (size?.width ?? 0)) < 1e-3 &&
      Math.abs(crop.height - (size?.height ?? 0)) < 1e-3,
  );
  if (!isOneCrop || Math.abs((sorted.at(-1)?.endSeconds ?? 0) - durationSeconds) > 2 * jumpSeconds) {
    return null;
  }
  const keyframes = sorted.flatMap(({ points, width, height }, part) =>
    simplifyPath(points, takenTolerance).map((point, index, all): Keyframe => {
      const before = all[index - 1];
      const isJump = index === 0 ? part > 0 : before !== undefined && point.atSeconds - before.atSeconds <= jumpSeconds;
      const placed = { atSeconds: point.atSeconds, x: round(point.left + width / 2), y: round(point.top + height / 2) };
      return isJump ? { ...placed, isJump } : placed;
    }),
  );
  // The last point of a rest says nothing that the one before it does not.
  const telling = keyframes.filter((keyframe, index) => {
    const before = keyframes[index - 1];
    return index < keyframes.length - 1 || before === undefined || before.x !== keyframe.x || before.y !== keyframe.y;
  });
  return telling.length > mostKeyframes ? null : { keyframes: telling, zoom: 1 };
}

/** Where a moment of the clip lies in the source, and in which of its spans. */
export function sourceMoment(segments: readonly Span[], seconds: number): { index: number; sourceSeconds: number } {
  let from = 0;
  for (const [index, span] of segments.entries()) {
    const length = span.endSeconds - span.startSeconds;
    if (seconds < from + length || index === segments.length - 1) {
      return { index, sourceSeconds: span.startSeconds + Math.min(Math.max(0, seconds - from), length) };
    }
    from += length;
  }
  return { index: 0, sourceSeconds: 0 };
}

/** The moment of the clip at which a span begins. */
export function clipSecondsOf(segments: readonly Span[], index: number): number {
  return segments.slice(0, index).reduce((sum, span) => sum + span.endSeconds - span.startSeconds, 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
