/** Turns the plans of shots into a time line of pieces that are framed in one way each. */
import type { Timeline, TimelineSegment } from '../render/timeline.ts';
import { type CameraShot, planCamera } from './cameraPath.ts';
import type { LayoutRules, ShotPlan } from './chooseLayout.ts';
import type { Face } from './faceDetector.ts';
import { largestCrop, type SegmentFraming } from './framing.ts';
import { planPanels } from './panels.ts';

/** A piece of the picture, with the shots it shows. Frames of its shots count from the beginning of the clip's segment. */
export interface Piece {
  segment: TimelineSegment;
  framing: SegmentFraming;
  /** First frame of the piece in its segment of the clip. */
  firstFrame: number;
  endFrame: number;
  plans: readonly ShotPlan[];
}

/** Every piece is an input of its own to ffmpeg; a clip with more changes than this is shown whole where it cannot be cropped. */
const mostPieces = 24;

/** Builds the pieces. `plans` are those of each segment of the time line. */
export function buildPieces(plans: readonly (readonly ShotPlan[])[], rules: LayoutRules, timeline: Timeline): Piece[] {
  const pieces = timeline.segments.flatMap((segment, index) => piecesOf(segment, plans[index] ?? [], rules));
  if (pieces.length <= Math.max(mostPieces, timeline.segments.length)) {
    return pieces;
  }
  return timeline.segments.map((segment, index) => {
    return { segment, framing: { kind: 'fit' }, firstFrame: 0, endFrame: segment.frames, plans: plans[index] ?? [] };
  });
}

function piecesOf(segment: TimelineSegment, plans: readonly ShotPlan[], rules: LayoutRules): Piece[] {
  const pieces: Piece[] = [];
  let crops: ShotPlan[] = [];
  let firstFrame = 0;
  const push = (framing: SegmentFraming, shown: readonly ShotPlan[], endFrame: number) => {
    if (endFrame > firstFrame) {
      pieces.push({
        segment: cutSegment(segment, firstFrame, endFrame, rules.framesPerSecond),
        framing,
        firstFrame,
        endFrame,
        plans: shown,
      });
      firstFrame = endFrame;
    }
  };
  const pushCrops = (endFrame: number) => {
    if (crops.length > 0) {
      push(cropOf(crops, firstFrame, endFrame, rules), crops, endFrame);
      crops = [];
    }
  };
  for (const [index, plan] of plans.entries()) {
    const isLast = index === plans.length - 1;
    const endFrame = isLast ? segment.frames : Math.min(plan.shot.endFrame, segment.frames);
    if (plan.layout === 'follow' || plan.layout === 'center') {
      crops.push(plan);
      if (isLast) {
        pushCrops(endFrame);
      }
      continue;
    }
    pushCrops(plan.shot.firstFrame);
    const panels = planPanels(plan, firstFrame, rules);
    push(panels === null ? { kind: 'fit' } : { kind: 'panels', panels }, [plan], endFrame);
  }
  return pieces;
}

function cutSegment(segment: TimelineSegment, first: number, end: number, framesPerSecond: number): TimelineSegment {
  return {
    sourceSeconds: segment.sourceSeconds + first / framesPerSecond,
    frames: end - first,
    outFrame: segment.outFrame + first,
    outSeconds: (segment.outFrame + first) / framesPerSecond,
  };
}

function cropOf(plans: readonly ShotPlan[], firstFrame: number, endFrame: number, rules: LayoutRules): SegmentFraming {
  const shares = largestCrop(rules.source, rules.output);
  const { framesPerSecond } = rules;
  const stretches = plans.flatMap(({ shot, stretches: shown }) => (shown.length > 0 ? shown : [{ ...shot, subjects: [] }]));
  const shots = stretches.map((stretch, index): CameraShot => {
    const targets = (position: (face: Face) => number) =>
      stretch.subjects
        .flatMap(({ points }) => points)
        .map(({ frame, face }) => ({ timeSeconds: (frame - firstFrame) / framesPerSecond, position: position(face) }));
    return {
      firstFrame: stretch.firstFrame - firstFrame,
      endFrame: (index === stretches.length - 1 ? endFrame : stretch.endFrame) - firstFrame,
      horizontal: joinTargets(targets((face) => face.left + face.width / 2)),
      vertical: joinTargets(targets((face) => face.top + face.height / 2)),
    };
  });
  return { kind: 'crop', ...shares, path: planCamera(shots, { ...shares, framesPerSecond }) };
}

/** Where several people are shown at once, the middle between the outermost of them at each time. */
function joinTargets(targets: readonly { timeSeconds: number; position: number }[]) {
  const atTime = new Map<number, number[]>();
  for (const { timeSeconds, position } of targets) {
    atTime.set(timeSeconds, [...(atTime.get(timeSeconds) ?? []), position]);
  }
  return [...atTime].map(([timeSeconds, positions]) => ({
    timeSeconds,
    position: (Math.min(...positions) + Math.max(...positions)) / 2,
  }));
}
