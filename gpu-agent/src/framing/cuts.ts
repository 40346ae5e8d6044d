/**
 * Finds where shots begin, from very small pictures of every frame.
 *
 * A hard cut is a change far above that of the frames around it, after which the old picture does not come back (a flash does). A
 * dissolve is a stretch whose middle is the mean of its ends (a pan is not), a fade passes through a blank picture. After twin
 * comparison and chromatic scaling (Zhang, Kankanhalli and Smoliar 1993; Hampapur, Jain and Weymouth 1995), reduced to brightness.
 */
import type { SmallPicture } from './look.ts';

export interface CutFinder {
  /**
   * Takes the next frame. Answers how much changed since the one before, in levels of brightness, and whether a shot may begin here;
   * whether it does is decided when it is known what follows.
   */
  push(picture: SmallPicture): { change: number; mayBeCut: boolean };
  /** First frames of all shots but the first, in order. */
  finish(): number[];
}

const columns = 64;
const rows = 36;
/** Least change of a hard cut in levels of brightness, and in times that of its neighbours. */
const leastChange = 7;
const overNeighbours = 1.9;
const overMotion = 3;
/** A flash is over, or has come back, within so many frames. */
const flashFrames = 10;
/** A dissolve is seen at this distance from its middle. */
const dissolveReach = 9;
const dissolveChange = 14;
const dissolveResidual = 0.2;
/** A picture with so little in it is blank. */
const blankSpread = 5;
/** What follows a cut more closely is the same cut seen twice. */
const shortestShotFrames = 6;
const kept = 64;
const lag = 16;

interface Tiny {
  levels: Float32Array;
  /** Mean change of brightness since the frame before. */
  change: number;
  isBlank: boolean;
}

/** Makes a finder for one span. */
export function createCutFinder(): CutFinder {
  const ring: Tiny[] = [];
  const cuts: number[] = [];
  let count = 0;
  let blankSince: number | null = null;
  let dissolve: { frame: number; ratio: number } | null = null;
  const at = (frame: number): Tiny | undefined => (frame >= 0 && frame < count && frame >= count - kept ? ring[frame % kept] : undefined);

  const decide = (frame: number): void => {
    if (isHardCut(at, frame)) {
      cuts.push(frame);
    }
    const ratio = dissolveRatio(at, frame);
    if (ratio !== null && (dissolve === null || ratio < dissolve.ratio)) {
      dissolve = { frame, ratio };
    } else if (ratio === null && dissolve !== null) {
      cuts.push(dissolve.frame);
      dissolve = null;
    }
    const isBlank = at(frame)?.isBlank ?? false;
    if (isBlank) {
      blankSince ??= frame;
    } else if (blankSince !== null) {
      if (blankSince > 0) {
        cuts.push(Math.round((blankSince + frame) / 2));
      }
      blankSince = null;
    }
  };

  return {
    push(picture) {
      const before = at(count - 1);
      const tiny = shrink(picture, before);
      ring[count % kept] = tiny;
      count += 1;
      if (count > lag) {
        decide(count - 1 - lag);
      }
      const mayBeCut = tiny.change >= leastChange && tiny.change >= overNeighbours * (before?.change ?? 0) && count > 1;
      return { change: tiny.change, mayBeCut };
    },
    finish() {
      for (let frame = Math.max(0, count - lag); frame < count; frame++) {
        decide(frame);
      }
      if (dissolve !== null) {
        cuts.push(dissolve.frame);
        dissolve = null;
      }
      return joinNear(cuts);
    },
  };
}

/** Of cuts that are one, the first is kept. */
function joinNear(cuts: readonly number[]): number[] {
  const joined: number[] = [];
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut - (joined.at(-1) ?? Number.NEGATIVE_INFINITY) >= shortestShotFrames && cut > 0) {
      joined.push(cut);
    }
  }
  return joined;
}

function shrink({ bytes, width, height }: SmallPicture, before: Tiny | undefined): Tiny {
  const levels = new Float32Array(columns * rows);
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    const fromY = Math.floor((row * height) / rows);
    const toY = Math.max(fromY + 1, Math.floor(((row + 1) * height) / rows));
    for (let column = 0; column < columns; column++) {
      const fromX = Math.floor((column * width) / columns);
      const toX = Math.max(fromX + 1, Math.floor(((column + 1) * width) / columns));
      const level = blockMean(bytes, width, fromX, toX, fromY, toY);
      levels[row * columns + column] = level;
      sum += level;
      squares += level * level;
    }
  }
  const mean = sum / levels.length;
  const spread = Math.sqrt(Math.max(0, squares / levels.length - mean * mean));
  return { levels, change: before ? difference(before.levels, levels) : 0, isBlank: spread < blankSpread && mean < 40 };
}

/** Every second pixel of every second line tells the mean of a block well enough. */
function blockMean(bytes: Buffer, width: number, fromX: number, toX: number, fromY: number, toY: number): number {
  let sum = 0;
  let count = 0;
  for (let y = fromY; y < toY; y += 2) {
    for (let x = fromX; x < toX; x += 2) {
      sum += bytes[y * width + x] ?? 0;
      count += 1;
    }
  }
  return sum / Math.max(1, count);
}

function difference(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) {
    sum += Math.abs((a[index] ?? 0) - (b[index] ?? 0));
  }
  return sum / a.length;
}

type At = (frame: number) => Tiny | undefined;

function isHardCut(at: At, frame: number): boolean {
  const now = at(frame);
  const before = at(frame - 1);
  if (!now || !before || now.change < leastChange) {
    return false;
  }
  const neighbours = Math.max(frame > 1 ? before.change : 0, at(frame + 1)?.change ?? 0);
  if (now.change < overNeighbours * neighbours || now.change < overMotion * usualChange(at, frame)) {
    return false;
  }
  const returns = (from: Tiny, step: number, first: number): boolean => {
    for (let away = 0; away < flashFrames; away++) {
      const other = at(first + away * step);
      if (other && difference(from.levels, other.levels) < 0.4 * now.change) {
        return true;
      }
    }
    return false;
  };
  return !returns(before, 1, frame + 1) && !returns(now, -1, frame - 2) && !(before.isBlank || now.isBlank);
}

/** Median change of the frames around one, itself left out. */
function usualChange(at: At, frame: number): number {
  const changes: number[] = [];
  for (let other = frame - 8; other <= frame + 8; other++) {
    const tiny = other === frame || other <= 0 ? undefined : at(other);
    if (tiny) {
      changes.push(tiny.change);
    }
  }
  changes.sort((a, b) => a - b);
  return changes[Math.floor(changes.length / 2)] ?? 0;
}

/** How far the middle of a stretch is from the mean of its ends, against what lies between them; null where it is no dissolve. */
function dissolveRatio(at: At, frame: number): number | null {
  const [first, middle, last] = [at(frame - dissolveReach), at(frame), at(frame + dissolveReach)];
  if (!first || !middle || !last || first.isBlank || last.isBlank) {
    return null;
  }
  const whole = difference(first.levels, last.levels);
  if (whole < dissolveChange) {
    return null;
  }
  let largest = 0;
  for (let other = frame - dissolveReach + 1; other <= frame + dissolveReach; other++) {
    largest = Math.max(largest, at(other)?.change ?? 0);
  }
  let residual = 0;
  for (let index = 0; index < middle.levels.length; index++) {
    residual += Math.abs((middle.levels[index] ?? 0) - ((first.levels[index] ?? 0) + (last.levels[index] ?? 0)) / 2);
  }
  const ratio = residual / middle.levels.length / whole;
  // One step that makes most of the change is a hard cut, or a flash.
  return ratio < dissolveResidual && largest < 0.35 * whole ? ratio : null;
}
