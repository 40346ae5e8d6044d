/**
 * Moves a crop as a calm operator would: it rests while its subject stays near the middle, and moves no more than it must.
 *
 * Along each axis the subject leaves a tube of positions in which it is well framed. The path is the taut string through that tube
 * (Davies and Kovac 2001), which of all paths has the least movement and turns round only where the tube forces it to, then smoothed
 * over time, so that it starts and stops gently.
 */
import type { CameraPoint } from './framing.ts';

/** Where the subject is, along one axis, as a share of the picture. */
export interface Target {
  timeSeconds: number;
  position: number;
}

/** A stretch between two cuts; `targets` are empty where nobody is followed. */
export interface CameraShot {
  firstFrame: number;
  endFrame: number;
  horizontal: readonly Target[];
  vertical: readonly Target[];
}

export interface CameraRules {
  widthShare: number;
  heightShare: number;
  framesPerSecond: number;
}

/** How far the subject may be from the middle of the crop, in crop lengths, before the camera moves. */
const deadZone = 0.1;
/** Crop lengths per second. */
const topSpeed = 1.5;
/** Standard deviation of the smoothing of targets: detections tremble, heads nod. */
const targetSeconds = 0.25;
/** Standard deviation of the smoothing of the path: how gently it starts and stops. */
const easeSeconds = 0.45;
/** A face stands a little above the middle. */
const eyeLine = 0.42;
/** A quarter of a pixel in a picture 2,000 pixels wide. */
const smallestStep = 0.000_12;

/** Plans the path of a whole segment; a point for every frame on which the crop changes. */
export function planCamera(shots: readonly CameraShot[], rules: CameraRules): CameraPoint[] {
  const points: CameraPoint[] = [];
  for (const shot of shots) {
    const left = planAxis(shot, shot.horizontal, rules.widthShare, 0.5, rules.framesPerSecond);
    const top = planAxis(shot, shot.vertical, rules.heightShare, eyeLine, rules.framesPerSecond);
    for (let frame = shot.firstFrame; frame < shot.endFrame; frame++) {
      const point = { frame, left: left[frame - shot.firstFrame] ?? 0, top: top[frame - shot.firstFrame] ?? 0 };
      const last = points.at(-1);
      if (!last || Math.abs(last.left - point.left) > smallestStep || Math.abs(last.top - point.top) > smallestStep) {
        points.push(point);
      }
    }
  }
  return points;
}

/** Edge of the crop for each frame of a shot, along one axis. */
function planAxis(shot: CameraShot, targets: readonly Target[], share: number, anchor: number, framesPerSecond: number): number[] {
  const count = shot.endFrame - shot.firstFrame;
  const room = 1 - share;
  if (targets.length === 0 || room <= 0.0001) {
    return Array.from({ length: count }, () => Math.max(0, room / 2));
  }
  const clamp = (value: number) => Math.min(room, Math.max(0, value));
  const firstSeconds = shot.firstFrame / framesPerSecond;
  const exact = interpolate(targets, count, (index) => firstSeconds + index / framesPerSecond);
  const wanted = smooth(exact, targetSeconds * framesPerSecond).map((position) => position - share * anchor);
  const slack = deadZone * share;
  const string = tautString(
    wanted.map((edge) => clamp(edge - slack)),
    wanted.map((edge) => clamp(edge + slack)),
  );
  return limitSpeed(smooth(string, easeSeconds * framesPerSecond), (topSpeed * share) / framesPerSecond).map(clamp);
}

/** Positions at regular times, on straight lines between the targets. */
function interpolate(targets: readonly Target[], count: number, timeOf: (index: number) => number): number[] {
  const sorted = [...targets].sort((a, b) => a.timeSeconds - b.timeSeconds);
  let next = 0;
  return Array.from({ length: count }, (_, index) => {
    const time = timeOf(index);
    while (next < sorted.length && (sorted[next]?.timeSeconds ?? 0) < time) {
      next += 1;
    }
    const after = sorted[next] ?? sorted.at(-1);
    const before = sorted[next - 1] ?? after;
    if (!before || !after || after === before || after.timeSeconds <= before.timeSeconds) {
      return (after ?? before)?.position ?? 0.5;
    }
    const share = (time - before.timeSeconds) / (after.timeSeconds - before.timeSeconds);
    return before.position + (after.position - before.position) * Math.min(1, Math.max(0, share));
  });
}

/**
 * Convolves with a Gaussian. Beyond its ends a path goes on as it ended, mirrored through the end point, so that a steady move stays
 * a steady move up to the cut.
 */
export function smooth(values: readonly number[], sigma: number): number[] {
  const last = values.length - 1;
  const reach = Math.min(Math.ceil(sigma * 3), last);
  if (sigma <= 0 || reach < 1) {
    return [...values];
  }
  const weights = Array.from({ length: reach + 1 }, (_, away) => Math.exp(-0.5 * (away / sigma) ** 2));
  const total = weights.reduce((sum, weight, away) => sum + (away === 0 ? weight : 2 * weight), 0);
  const at = (index: number): number => {
    if (index < 0) {
      return 2 * (values[0] ?? 0) - (values[-index] ?? 0);
    }
    return index > last ? 2 * (values[last] ?? 0) - (values[2 * last - index] ?? 0) : (values[index] ?? 0);
  };
  return values.map((value, index) => {
    let sum = value * (weights[0] ?? 1);
    for (let away = 1; away <= reach; away++) {
      sum += (weights[away] ?? 0) * (at(index - away) + at(index + away));
    }
    return sum / total;
  });
}

interface Corner {
  index: number;
  slope: number;
}

/** The shortest line between two bounds, free at both ends. */
export function tautString(lower: readonly number[], upper: readonly number[]): number[] {
  const count = lower.length;
  const line = new Array<number>(count).fill(0);
  let anchor = { index: 0, value: freeStart(lower, upper) };
  // The free start is level until it touches the bound that ends it; that is what a first slope of nothing gives.
  while (anchor.index < count - 1 || count === 1) {
    line[anchor.index] = anchor.value;
    if (count === 1) {
      break;
    }
    const next = nextCorner(lower, upper, anchor);
    const slope = next.index === anchor.index ? 0 : (next.value - anchor.value) / (next.index - anchor.index);
    for (let index = anchor.index; index <= next.index; index++) {
      line[index] = anchor.value + slope * (index - anchor.index);
    }
    anchor = next;
  }
  return line;
}

/** The level at which the longest level start is possible. */
function freeStart(lower: readonly number[], upper: readonly number[]): number {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const [index, bound] of lower.entries()) {
    const ceiling = upper[index] ?? bound;
    if (bound > high) {
      return high;
    }
    if (ceiling < low) {
      return low;
    }
    low = Math.max(low, bound);
    high = Math.min(high, ceiling);
  }
  return (low + high) / 2;
}

/** Where the string that leaves an anchor bends next, or ends. */
function nextCorner(lower: readonly number[], upper: readonly number[], anchor: { index: number; value: number }) {
  let floor: Corner = { index: anchor.index, slope: Number.NEGATIVE_INFINITY };
  let ceiling: Corner = { index: anchor.index, slope: Number.POSITIVE_INFINITY };
  const atFloor = () => ({ index: floor.index, value: lower[floor.index] ?? anchor.value });
  const atCeiling = () => ({ index: ceiling.index, value: upper[ceiling.index] ?? anchor.value });
  for (let index = anchor.index + 1; index < lower.length; index++) {
    const least = ((lower[index] ?? 0) - anchor.value) / (index - anchor.index);
    const most = ((upper[index] ?? 0) - anchor.value) / (index - anchor.index);
    if (least > ceiling.slope) {
      return atCeiling();
    }
    if (most < floor.slope) {
      return atFloor();
    }
    floor = least >= floor.slope ? { index, slope: least } : floor;
    ceiling = most <= ceiling.slope ? { index, slope: most } : ceiling;
  }
  if (floor.slope > 0) {
    return atFloor();
  }
  if (ceiling.slope < 0) {
    return atCeiling();
  }
  return { index: lower.length - 1, value: anchor.value };
}

/** The middle between the slowest path above and the slowest path below: never faster than `step` from one value to the next. */
function limitSpeed(values: readonly number[], step: number): number[] {
  const above = [...values];
  const below = [...values];
  for (let index = 1; index < values.length; index++) {
    above[index] = Math.max(above[index] ?? 0, (above[index - 1] ?? 0) - step);
    below[index] = Math.min(below[index] ?? 0, (below[index - 1] ?? 0) + step);
  }
  for (let index = values.length - 2; index >= 0; index--) {
    above[index] = Math.max(above[index] ?? 0, (above[index + 1] ?? 0) - step);
    below[index] = Math.min(below[index] ?? 0, (below[index + 1] ?? 0) + step);
  }
  return above.map((value, index) => (value + (below[index] ?? 0)) / 2);
}
