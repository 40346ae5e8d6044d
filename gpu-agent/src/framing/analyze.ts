/**
 * Looks at a span of the source once, and writes down what framing needs: where shots begin, whose faces are where, how their mouths
 * move, and how much the picture changes. Nothing in it depends on the shape of the clip or on its captions.
 */
import type { TaskContext } from '../media/task.ts';
import { rateValue } from '../render/timeline.ts';
import { createCutFinder } from './cuts.ts';
import type { CheckedFace, FaceDetector } from './faceDetector.ts';
import { keepPicture, lookAtSpan, type LookRequest, type SmallPicture } from './look.ts';
import { faceChange, pictureChange } from './mouthMotion.ts';
import { createStillKeeper, type Still, type StillKeeper } from './stills.ts';
import { createTracker, expectedFace, type Track, type Tracker } from './tracks.ts';

/** What was seen in a span, in frames of the clip's grid. */
export interface SpanAnalysis {
  frames: number;
  /** First frames of all shots but the first. */
  cuts: readonly number[];
  /** Frames in which faces were looked for. */
  samples: readonly number[];
  tracks: readonly Track[];
  /** Change of brightness of every frame against the one before it. */
  changes: readonly number[];
  /** Frames that may stand for the clip. */
  stills: readonly Still[];
}

/** Faces are looked for this often: more often while one is new or moves, so that its track does not break, and on both sides of a cut. */
const samplesPerSecond = { calm: 2, moving: 3 };
/** A face moves when it goes further than this in a second, in shares of its width. */
const movingWidths = 0.6;
/** A picture that hardly changed since the last look holds the same faces; after this time it is looked at anyway. */
const longestReuseSeconds = 1.3;
const hardlyChanged = 0.9;
/** A track that the detector is this sure of needs no second look; others get at most this many. */
const surely = 0.8;
const secondLooks = 2;

/** Analyses one span. */
export async function analyzeSpan(request: LookRequest, context: TaskContext, detector: FaceDetector): Promise<SpanAnalysis> {
  const framesPerSecond = rateValue(request.rate);
  const cuts = createCutFinder();
  const tracker = createTracker(framesPerSecond);
  const changes: number[] = [];
  const stills = createStillKeeper(request.span.frames, framesPerSecond);
  const faces = createFaceLooker(tracker, detector, framesPerSecond, stills);
  let before: SmallPicture | null = null;
  const lookForFaces = async (last: SmallPicture | null, picture: SmallPicture, frame: number, mayBeCut: boolean): Promise<void> => {
    if (mayBeCut && last !== null) {
      await faces.look(last, frame - 1, false);
    }
    await faces.look(picture, frame, !mayBeCut);
  };
  const frames = await lookAtSpan(request, context, (picture, frame) => {
    const last = before;
    before = picture;
    const { change, mayBeCut } = cuts.push(picture);
    changes.push(change);
    if (last !== null && !mayBeCut) {
      watchMouths(tracker, last, picture, frame);
    }
    return mayBeCut || faces.isDue(frame) ? lookForFaces(last, picture, frame, mayBeCut) : undefined;
  });
  if (before !== null) {
    await faces.look(before, frames - 1, true);
  }
  return { frames, cuts: cuts.finish(), samples: faces.samples, tracks: tracker.finish(), changes, stills: await stills.finish(detector) };
}

function watchMouths(tracker: Tracker, before: SmallPicture, now: SmallPicture, frame: number): void {
  for (const track of tracker.active(frame)) {
    track.mouth.push({ frame, ...faceChange(before, now, expectedFace(track, frame)) });
  }
}

interface FaceLooker {
  readonly samples: readonly number[];
  isDue(frame: number): boolean;
  /** Looks for faces; where `mayRepeat`, a picture that hardly changed is taken to hold the faces of the last look. */
  look(picture: SmallPicture, frame: number, mayRepeat: boolean): Promise<void>;
}

function createFaceLooker(tracker: Tracker, detector: FaceDetector, framesPerSecond: number, stills: StillKeeper): FaceLooker {
  const samples: number[] = [];
  const every = (perSecond: number) => Math.max(1, Math.floor(framesPerSecond / perSecond));
  let last: { picture: SmallPicture; frame: number; faces: readonly CheckedFace[] } | null = null;
  return {
    samples,
    isDue(frame) {
      const since = frame - (samples.at(-1) ?? Number.NEGATIVE_INFINITY);
      const isMoving = () => tracker.active(frame).some((track) => speedOf(track, framesPerSecond) > movingWidths);
      return since >= every(samplesPerSecond.moving) && (since >= every(samplesPerSecond.calm) || isMoving());
    },
    async look(picture, frame, mayRepeat) {
      if (samples.at(-1) === frame) {
        return;
      }
      samples.push(frame);
      const isDoubtful = tracker.active(frame).some(needsSecondLook);
      const isFresh = last !== null && frame - last.frame < longestReuseSeconds * framesPerSecond;
      if (mayRepeat && !isDoubtful && last && isFresh && pictureChange(last.picture, picture) < hardlyChanged) {
        stills.offer(picture, frame, last.faces);
        tracker.push(
          frame,
          last.faces.map((face) => ({ ...face, meshScore: null, eyes: null })),
          true,
        );
        return;
      }
      const faces = await detector.detect(picture, isDoubtful);
      tracker.push(frame, faces, false);
      // Beside a cut a frame may hold some of the other picture.
      if (mayRepeat) {
        stills.offer(picture, frame, faces);
      }
      last = { picture: keepPicture(picture), frame, faces };
    },
  };
}

/** How fast a face went between its last two sightings, in its widths a second; as fast as can be while it was seen only once. */
function speedOf({ points }: Track, framesPerSecond: number): number {
  const [before, last] = points.slice(-2);
  if (!before || !last || before.frame === last.frame) {
    return Number.POSITIVE_INFINITY;
  }
  const way = Math.hypot(last.face.left - before.face.left, last.face.top - before.face.top);
  return (way / Math.max(0.001, last.face.width)) * (framesPerSecond / (last.frame - before.frame));
}

function needsSecondLook({ points, meshScore, secondLooks: done }: Track): boolean {
  const mean = points.reduce((sum, point) => sum + point.face.score, 0) / Math.max(1, points.length);
  return mean < surely && (meshScore ?? 0) < meshAgrees && done < secondLooks;
}

/** Score of the second look from which a face is a face. */
export const meshAgrees = 0.25;
