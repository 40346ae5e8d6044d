/** Proves a framing before it is encoded: for every frame, what of the faces that were seen is inside what will be shown. */
import type { Piece } from './buildFraming.ts';
import type { ShotPlan } from './chooseLayout.ts';
import type { Face } from './faceDetector.ts';
import type { CameraPoint } from './framing.ts';
import { faceAt } from './tracks.ts';
import { holdsMiddle, type Rect, rectAt, viewsOf } from './views.ts';

/** Shares are null where there was nothing to count. */
export interface FramingFacts {
  /** Share of frames with a face in which every face that the layout shows is whole inside its crop. */
  faceInsideShare: number | null;
  /** Share of speech time, as far as it is clear who speaks, in which the speaker's face is shown. */
  speakerShownShare: number | null;
  /** Share of frames that show no face while one is in the picture. */
  faceMissedShare: number | null;
  /** How often the crop turns round, per second. */
  reversalsPerSecond: number | null;
  /** 95th percentile of the crop's acceleration, in crop widths per second squared. */
  accelerationP95: number | null;
}

interface Count {
  hits: number;
  all: number;
}

/** Outside of its sightings a face is taken to be where it was for so long. */
const reachSeconds = 0.45;
/** Less movement back than this part of the crop is no turning round. */
const turnShare = 0.02;

/** Counts over pieces; `plans` narrows it to some of their shots. */
export function measureFraming(pieces: readonly Piece[], framesPerSecond: number, plans?: ReadonlySet<ShotPlan>): FramingFacts {
  const inside: Count = { hits: 0, all: 0 };
  const speaker: Count = { hits: 0, all: 0 };
  const missed: Count = { hits: 0, all: 0 };
  for (const piece of pieces) {
    for (const plan of piece.plans.filter((candidate) => plans === undefined || plans.has(candidate))) {
      countShot(piece, plan, Math.round(reachSeconds * framesPerSecond), { inside, speaker, missed });
    }
  }
  const motion = measureMotion(pieces, framesPerSecond);
  const shareOf = ({ hits, all }: Count) => (all === 0 ? null : hits / all);
  return { faceInsideShare: shareOf(inside), speakerShownShare: shareOf(speaker), faceMissedShare: shareOf(missed), ...motion };
}

function countShot(piece: Piece, plan: ShotPlan, reach: number, counts: { inside: Count; speaker: Count; missed: Count }): void {
  const from = Math.max(piece.firstFrame, plan.shot.firstFrame);
  const to = Math.min(piece.endFrame, plan.shot.endFrame);
  const views = viewsOf(piece.framing);
  for (let frame = from; frame < to; frame++) {
    const rects = views === null ? null : views.map((view) => rectAt(view, frame - piece.firstFrame));
    const isShown = (face: Face) => rects === null || rects.some((rect) => holdsMiddle(rect, face));
    const faces = plan.people.map((track) => faceAt(track.points, frame, reach));
    const present = faces.filter((face) => face !== null);
    if (present.length > 0) {
      counts.missed.all += 1;
      counts.missed.hits += present.some(isShown) ? 0 : 1;
    }
    const heard = plan.speaking?.heard[frame - plan.shot.firstFrame] ?? null;
    const speaking = heard === null ? null : (faces[heard] ?? null);
    if (speaking !== null) {
      counts.speaker.all += 1;
      counts.speaker.hits += isShown(speaking) ? 1 : 0;
    }
    const shown = plan.stretches
      .map((stretch, index) => ({ stretch, rect: rects?.[piece.framing.kind === 'panels' ? index : 0] ?? null }))
      .filter(({ stretch }) => frame >= stretch.firstFrame && frame < stretch.endFrame)
      .flatMap(({ stretch, rect }) => stretch.subjects.map((track) => ({ face: faceAt(track.points, frame, reach), rect })))
      .filter((entry): entry is { face: Face; rect: Rect | null } => entry.face !== null);
    if (shown.length > 0) {
      counts.inside.all += 1;
      counts.inside.hits += shown.every(({ face, rect }) => rect === null || holdsWhole(rect, face)) ? 1 : 0;
    }
  }
}

const tolerance = 0.002;

/** What of the face lies outside of the picture itself cannot be shown. */
function holdsWhole(rect: Rect, face: Face): boolean {
  const holds = (start: number, length: number, from: number, to: number) => from >= start - tolerance && to <= start + length + tolerance;
  return (
    holds(rect.left, rect.width, Math.max(0, face.left), Math.min(1, face.left + face.width)) &&
    holds(rect.top, rect.height, Math.max(0, face.top), Math.min(1, face.top + face.height))
  );
}

function measureMotion(pieces: readonly Piece[], framesPerSecond: number): Pick<FramingFacts, 'reversalsPerSecond' | 'accelerationP95'> {
  const accelerations: number[] = [];
  let reversals = 0;
  let frames = 0;
  for (const { framing, firstFrame, endFrame, plans } of pieces) {
    if (framing.kind !== 'crop') {
      continue;
    }
    const lefts = edges(framing.path, endFrame - firstFrame).map((left) => left / framing.widthShare);
    const jumps = new Set(plans.flatMap((plan) => [plan.shot.firstFrame, ...plan.stretches.map((stretch) => stretch.firstFrame)]));
    const starts = [...jumps, firstFrame].map((frame) => frame - firstFrame).filter((frame) => frame >= 0 && frame < lefts.length);
    const sorted = [...new Set(starts)].sort((a, b) => a - b);
    for (const [index, start] of sorted.entries()) {
      const part = lefts.slice(start, sorted[index + 1] ?? lefts.length);
      accelerations.push(...accelerationsOf(part).map((value) => value * framesPerSecond ** 2));
      reversals += countReversals(part);
    }
    frames += lefts.length;
  }
  return {
    reversalsPerSecond: frames === 0 ? null : (reversals / frames) * framesPerSecond,
    accelerationP95: frames === 0 ? null : percentile(accelerations, 0.95),
  };
}

function edges(path: readonly CameraPoint[], count: number): number[] {
  let next = 0;
  return Array.from({ length: count }, (_, frame) => {
    while (next + 1 < path.length && (path[next + 1]?.frame ?? 0) <= frame) {
      next += 1;
    }
    return path[next]?.left ?? 0;
  });
}

/** Absolute second differences. */
export function accelerationsOf(values: readonly number[]): number[] {
  return values.slice(2).map((value, index) => Math.abs(value - 2 * (values[index + 1] ?? 0) + (values[index] ?? 0)));
}

/** How often a path turns round by more than a trifle. */
export function countReversals(values: readonly number[]): number {
  let direction = 0;
  let extreme = values[0] ?? 0;
  let count = 0;
  for (const value of values) {
    if (direction !== 0 && (value - extreme) * direction > 0) {
      extreme = value;
    } else if (Math.abs(value - extreme) > turnShare) {
      const turned = Math.sign(value - extreme);
      count += direction !== 0 && turned !== direction ? 1 : 0;
      direction = turned;
      extreme = value;
    }
  }
  return count;
}

/** The value below which a share of all values lies; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
