/** Chooses the frames that stand for a finished clip. */
import type { Timeline } from '../render/timeline.ts';
import type { SpanAnalysis } from './analyze.ts';
import type { Piece } from './buildFraming.ts';
import type { Still } from './stills.ts';
import { holdsMiddle, rectAt, viewsOf } from './views.ts';

export const coverCount = 3;
/** Eyes lower than the first are shut, from the second on they are open: height against width. */
const shutEyes = 0.1;
const openEyes = 0.24;
/** Eyes differ between people: where a clip shows wider ones, those that are nearly as wide are open. */
const nearWidest = 0.9;
/** What a frame counts whose eyes are shut or not found, that has no face, or whose face is not shown. */
const leastEyes = 0.15;
const unknownEyes = 0.6;
const faceless = 0.3;
const hidden = 0.2;
/** Covers are further apart than this, so that there is something to choose from. */
const apartSeconds = 1.5;
/** So close to a cut a frame may still hold some of the other picture. */
const cutFrames = 3;
/** A shorter shot is the rest of another scene, and stands for no clip. */
const shortestShotSeconds = 0.5;

/** Frames of the clip, best first: three of them, or as many as the clip has. */
export function chooseCovers(
  analyses: readonly SpanAnalysis[],
  pieces: readonly Piece[],
  timeline: Timeline,
  framesPerSecond: number,
): number[] {
  const isInShot = (frame: number, { cuts, frames }: SpanAnalysis) => {
    const [from, to] = [cuts.findLast((cut) => cut <= frame) ?? 0, cuts.find((cut) => cut > frame) ?? frames];
    return (
      (cuts.length === 0 || to - from >= shortestShotSeconds * framesPerSecond) && cuts.every((cut) => Math.abs(cut - frame) > cutFrames)
    );
  };
  const stills = analyses.flatMap((analysis, segment) =>
    analysis.stills
      .filter(({ frame }) => isInShot(frame, analysis))
      .map((still) => ({ still, segment, frame: (timeline.segments[segment]?.outFrame ?? 0) + still.frame })),
  );
  const sharpest = Math.max(1e-6, ...stills.map(({ still }) => still.sharpness));
  const largest = Math.max(1e-6, ...stills.map(({ still }) => areaOf(still)));
  const open = Math.max(openEyes, ...stills.map(({ still }) => nearWidest * (still.eyes ?? 0)));
  const ranked = stills
    .map(({ still, frame, segment }) => {
      const isSeen = still.face === null || isShown(still, segment, pieces, timeline);
      return { frame, worth: worthOf(still, { sharpest, largest, open }) * (isSeen ? 1 : hidden) };
    })
    .sort((a, b) => b.worth - a.worth)
    .map(({ frame }) => frame);
  return spread(ranked, timeline.frameCount, apartSeconds * framesPerSecond);
}

/** Without an analysis, and where it holds too little: frames evenly over the clip. */
function spread(ranked: readonly number[], frameCount: number, apart: number): number[] {
  const even = [0.33, 0.66, 0.1, 0.9].map((share) => Math.floor(frameCount * share));
  const all = [...ranked, ...even, 0, 1, 2].filter((frame) => frame < frameCount);
  const chosen: number[] = [];
  for (const least of [apart, 1]) {
    for (const frame of all) {
      if (chosen.length < coverCount && chosen.every((other) => Math.abs(other - frame) >= least)) {
        chosen.push(frame);
      }
    }
  }
  return chosen;
}

function areaOf({ face }: Still): number {
  return face === null ? 0 : face.width * face.height;
}

function worthOf(still: Still, { sharpest, largest, open }: { sharpest: number; largest: number; open: number }): number {
  const sharp = Math.sqrt(still.sharpness / sharpest);
  if (still.face === null) {
    return sharp * faceless;
  }
  const eyes = still.eyes === null ? unknownEyes : Math.min(1, Math.max(leastEyes, (still.eyes - shutEyes) / (open - shutEyes)));
  return sharp * (0.5 + 0.5 * Math.sqrt(areaOf(still) / largest)) * eyes;
}

function isShown({ face, frame }: Still, segment: number, pieces: readonly Piece[], timeline: Timeline): boolean {
  const outFrame = (timeline.segments[segment]?.outFrame ?? 0) + frame;
  const piece = pieces.find(({ segment: { outFrame: first, frames } }) => outFrame >= first && outFrame < first + frames);
  const views = piece === undefined ? null : viewsOf(piece.framing);
  return (
    views === null || (face !== null && views.some((view) => holdsMiddle(rectAt(view, outFrame - (piece?.segment.outFrame ?? 0)), face)))
  );
}
