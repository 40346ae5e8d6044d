/**
 * Moves a crop as a calm operator would: it rests while its subject stays near the middle, follows with limited speed when it leaves,
 * and jumps only where the picture itself jumps.
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

/** Parts of the crop's length: from here on the camera starts to move, and here it may rest again. */
const startsAt = 0.11;
const restsAt = 0.015;
/** Crop lengths per second, and per second squared. */
const topSpeed = 0.9;
const acceleration = 2.2;
/** How quickly an error is wanted away. */
const eagerness = 3.2;
/** The subject is smoothed over this time, looking ahead as well: detections tremble, heads nod. */
const smoothingSeconds = 0.5;
/** A face stands a little above the middle. */
const eyeLine = 0.42;

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

/** A quarter of a pixel in a picture 2,000 pixels wide. */
const smallestStep = 0.000_12;

/** Edge of the crop for each frame of a shot, along one axis. */
function planAxis(shot: CameraShot, targets: readonly Target[], share: number, anchor: number, framesPerSecond: number): number[] {
  const count = shot.endFrame - shot.firstFrame;
  const room = 1 - share;
  const middle = room / 2;
  if (targets.length === 0 || room <= 0.0001) {
    return Array.from({ length: count }, () => middle);
  }
  const firstSeconds = shot.firstFrame / framesPerSecond;
  const wanted = Array.from({ length: count }, (_, index) => {
    const subject = smoothed(targets, firstSeconds + index / framesPerSecond);
    return Math.min(room, Math.max(0, subject - share * anchor));
  });
  return follow(wanted, share, framesPerSecond);
}

/** Weighted mean of the targets around a time; the nearest one where none is near. */
function smoothed(targets: readonly Target[], timeSeconds: number): number {
  let sum = 0;
  let weights = 0;
  for (const target of targets) {
    const away = (target.timeSeconds - timeSeconds) / smoothingSeconds;
    const weight = Math.exp(-0.5 * away * away);
    sum += weight * target.position;
    weights += weight;
  }
  if (weights > 1e-4) {
    return sum / weights;
  }
  const nearest = targets.reduce((best, target) =>
    Math.abs(target.timeSeconds - timeSeconds) < Math.abs(best.timeSeconds - timeSeconds) ? target : best,
  );
  return nearest.position;
}

function follow(wanted: readonly number[], share: number, framesPerSecond: number): number[] {
  const step = 1 / framesPerSecond;
  // It begins where the subject will be during the first second, so that a shot does not open with a move.
  let position = median(wanted.slice(0, Math.max(1, Math.round(framesPerSecond))));
  let speed = 0;
  let isMoving = false;
  return wanted.map((goal) => {
    const error = goal - position;
    isMoving = isMoving ? Math.abs(error) > restsAt * share || Math.abs(speed) > 0.05 * share : Math.abs(error) > startsAt * share;
    const limit = topSpeed * share;
    const desired = isMoving ? Math.min(limit, Math.max(-limit, error * eagerness)) : 0;
    const change = acceleration * share * step;
    speed += Math.min(change, Math.max(-change, desired - speed));
    position = Math.min(Math.max(position + speed * step, Math.min(0, goal)), Math.max(1 - share, goal));
    return position;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
