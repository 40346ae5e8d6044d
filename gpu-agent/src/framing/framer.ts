import type { RenderSpec } from '@carmic/contract';
import type { SeenFace } from '@carmic/captions';
import type { Logger } from 'pino';
import type { TaskContext } from '../media/task.ts';
import type { RenderInput } from '../render/renderArgs.ts';
import { rateValue, type Timeline, type TimelineSegment } from '../render/timeline.ts';
import { type CameraShot, planCamera } from './cameraPath.ts';
import { chooseLayout, type LayoutChoice, type ShotLayout, type SpeakingTrack } from './chooseLayout.ts';
import { createFaceDetector, type Face, type FaceDetector } from './faceDetector.ts';
import { type CameraPoint, cropShares, type Framing, type SegmentFraming } from './framing.ts';
import { lookAt, type SegmentLook } from './look.ts';
import { measureMouths } from './mouthMotion.ts';
import { findShots, type Shot } from './findShots.ts';

export interface FramedClip extends Framing {
  /** Share of sightings of the followed face that lie whole inside the crop; null when no face is followed. */
  faceInsideShare: number | null;
  /** Faces as they stand in the clip's picture, so that captions keep off them. */
  faces?: readonly SeenFace[];
}

/** Chooses how a clip is framed, by looking at it. */
export interface Framer {
  frame(spec: RenderSpec, timeline: Timeline, input: RenderInput, context: TaskContext): Promise<FramedClip>;
  close(): Promise<void>;
}

/** Makes a framer; its face detector is loaded by the first clip that needs one. */
export function createFramer(log: Logger): Framer {
  const detector = createFaceDetector();
  return {
    close: () => detector.close(),
    async frame(spec, timeline, input, context) {
      const shares = cropShares(spec.probe, spec.output);
      if (shares === null) {
        const reason = 'The video already has this shape, so the whole picture is kept.';
        return {
          layout: 'center',
          reason,
          picture: timeline,
          segments: timeline.segments.map(() => ({ kind: 'whole' })),
          faceInsideShare: null,
        };
      }
      const seen = await lookAtAll(spec, timeline, input, context, detector);
      const shots = seen.flatMap((segment) => segment.shots);
      const choice = chooseLayout(shots, shares);
      log.debug({ shots: shots.length, layout: choice.layout, reason: choice.reason }, 'framed');
      return build(choice, seen, shares, timeline);
    },
  };
}

interface SeenSegment {
  look: SegmentLook;
  shots: Shot[];
}

async function lookAtAll(
  spec: RenderSpec,
  timeline: Timeline,
  input: RenderInput,
  context: TaskContext,
  detector: FaceDetector,
): Promise<SeenSegment[]> {
  const seen: SeenSegment[] = [];
  for (const [index, segment] of timeline.segments.entries()) {
    const look = await lookAt(context, input, spec.probe, timeline, index);
    const seconds = segment.frames / rateValue(timeline.rate);
    const found = await findShots(look, seconds, detector, context.signal);
    const shots: Shot[] = [];
    for (const shot of found) {
      const mouths = await measureMouths(look, shot.tracks);
      shots.push({ ...shot, tracks: shot.tracks.map((track, which) => ({ ...track, mouthMotion: mouths[which] ?? 1 })) });
    }
    seen.push({ look, shots });
    context.onProgress(0.06 + (0.09 * (index + 1)) / timeline.segments.length, 'Looking for faces');
  }
  return seen;
}

/** A stretch of neighbouring shots that are framed in the same way. */
interface Run {
  isFit: boolean;
  shots: { shot: Shot; layout: ShotLayout }[];
}

function build(
  choice: LayoutChoice,
  seen: readonly SeenSegment[],
  shares: { widthShare: number; heightShare: number },
  timeline: Timeline,
): FramedClip {
  const framesPerSecond = rateValue(timeline.rate);
  const pieces: { segment: TimelineSegment; framing: SegmentFraming }[] = [];
  const inside = { seen: 0, whole: 0 };
  const layouts = [...choice.shots];
  for (const [index, { shots }] of seen.entries()) {
    const segment = timeline.segments[index];
    if (!segment) {
      continue;
    }
    const runs = groupRuns(shots.map((shot) => ({ shot, layout: layouts.shift() ?? { kind: 'center' } })));
    for (const [at, run] of runs.entries()) {
      const first = startFrame(run, framesPerSecond);
      const next = runs[at + 1];
      const end = next ? startFrame(next, framesPerSecond) : segment.frames;
      if (end > first) {
        const framing = frameRun(run, first, end, shares, framesPerSecond, inside);
        pieces.push({ segment: cutSegment(segment, first, end, framesPerSecond), framing });
      }
    }
  }
  return {
    layout: choice.layout,
    reason: choice.reason,
    picture: { ...timeline, segments: pieces.map((piece) => piece.segment) },
    segments: pieces.map((piece) => piece.framing),
    faceInsideShare: inside.seen === 0 ? null : inside.whole / inside.seen,
  };
}

function groupRuns(shots: readonly { shot: Shot; layout: ShotLayout }[]): Run[] {
  const runs: Run[] = [];
  for (const entry of shots) {
    const isFit = entry.layout.kind === 'fit';
    const last = runs.at(-1);
    if (last && last.isFit === isFit) {
      last.shots.push(entry);
    } else {
      runs.push({ isFit, shots: [entry] });
    }
  }
  return runs;
}

function startFrame({ shots }: Run, framesPerSecond: number): number {
  return Math.round((shots[0]?.shot.startSeconds ?? 0) * framesPerSecond);
}

function cutSegment(segment: TimelineSegment, first: number, end: number, framesPerSecond: number): TimelineSegment {
  return {
    sourceSeconds: segment.sourceSeconds + first / framesPerSecond,
    frames: end - first,
    outFrame: segment.outFrame + first,
    outSeconds: (segment.outFrame + first) / framesPerSecond,
  };
}

function frameRun(
  run: Run,
  first: number,
  end: number,
  shares: { widthShare: number; heightShare: number },
  framesPerSecond: number,
  inside: { seen: number; whole: number },
): SegmentFraming {
  if (run.isFit) {
    return { kind: 'fit' };
  }
  const frameAt = (seconds: number) => Math.round(seconds * framesPerSecond);
  const camera = run.shots.map(({ shot, layout }, at): CameraShot => {
    const next = run.shots[at + 1];
    const points = layout.kind === 'follow' ? layout.track.points : [];
    const targets = (position: (face: Face) => number) =>
      points.map(({ timeSeconds, face }) => ({ timeSeconds: timeSeconds - first / framesPerSecond, position: position(face) }));
    return {
      firstFrame: frameAt(shot.startSeconds) - first,
      endFrame: (next ? frameAt(next.shot.startSeconds) : end) - first,
      horizontal: targets((face) => face.left + face.width / 2),
      vertical: targets((face) => face.top + face.height / 2),
    };
  });
  const path = planCamera(camera, { ...shares, framesPerSecond });
  for (const { layout } of run.shots) {
    if (layout.kind === 'follow') {
      countInside(layout.track, path, first, shares, framesPerSecond, inside);
    }
  }
  return { kind: 'crop', ...shares, path };
}

/** A face wider than the crop counts as inside when the crop is. */
function countInside(
  track: SpeakingTrack,
  path: readonly CameraPoint[],
  firstFrame: number,
  { widthShare, heightShare }: { widthShare: number; heightShare: number },
  framesPerSecond: number,
  inside: { seen: number; whole: number },
): void {
  for (const { timeSeconds, face } of track.points) {
    const frame = Math.round(timeSeconds * framesPerSecond) - firstFrame;
    const camera = path.filter((point) => point.frame <= frame).at(-1) ?? path[0];
    if (!camera) {
      continue;
    }
    inside.seen += 1;
    const isWhole =
      contains(camera.left, widthShare, Math.max(0, face.left), Math.min(1, face.left + face.width)) &&
      contains(camera.top, heightShare, Math.max(0, face.top), Math.min(1, face.top + face.height));
    inside.whole += isWhole ? 1 : 0;
  }
}

function contains(start: number, length: number, from: number, to: number): boolean {
  const tolerance = 0.002;
  const isCovered = start >= from - tolerance && start + length <= to + tolerance;
  return isCovered || (from >= start - tolerance && to <= start + length + tolerance);
}
