import type { RenderSpec } from '@carmic/contract';
import type { Logger } from 'pino';
import type { TaskContext } from '../media/task.ts';
import type { RenderInput } from '../render/renderArgs.ts';
import { rateValue, type Timeline } from '../render/timeline.ts';
import { type CameraShot, planCamera, type Target } from './cameraPath.ts';
import { chooseLayout, type LayoutChoice, type SpeakingTrack } from './chooseLayout.ts';
import { createFaceDetector, type FaceDetector } from './faceDetector.ts';
import { type CameraPoint, cropShares, type Framing, type SegmentFraming } from './framing.ts';
import { lookAt, type SegmentLook } from './look.ts';
import { measureMouths } from './mouthMotion.ts';
import { findShots, type Shot } from './findShots.ts';

export interface FramedClip extends Framing {
  /** Share of sightings of the followed face that lie whole inside the crop; null when no face is followed. */
  faceInsideShare: number | null;
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
        return { layout: 'center', reason, segments: timeline.segments.map(() => ({ kind: 'whole' })), faceInsideShare: null };
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

function build(
  choice: LayoutChoice,
  seen: readonly SeenSegment[],
  shares: { widthShare: number; heightShare: number },
  timeline: Timeline,
): FramedClip {
  const { layout, reason } = choice;
  if (layout === 'fit') {
    return { layout, reason, segments: seen.map(() => ({ kind: 'fit' })), faceInsideShare: null };
  }
  const framesPerSecond = rateValue(timeline.rate);
  const segments: SegmentFraming[] = [];
  const inside = { seen: 0, whole: 0 };
  let next = 0;
  for (const [index, { shots }] of seen.entries()) {
    const frames = timeline.segments[index]?.frames ?? 0;
    const followed = shots.map((_, at) => choice.followed[next + at] ?? null);
    next += shots.length;
    const camera = shots.map((shot, at) => cameraShot(shot, followed[at] ?? null, shots[at + 1], frames, framesPerSecond));
    const path = planCamera(camera, { ...shares, framesPerSecond });
    segments.push({ kind: 'crop', ...shares, path });
    for (const track of followed) {
      countInside(track, path, shares, framesPerSecond, inside);
    }
  }
  return { layout, reason, segments, faceInsideShare: inside.seen === 0 ? null : inside.whole / inside.seen };
}

function cameraShot(shot: Shot, track: SpeakingTrack | null, next: Shot | undefined, frames: number, framesPerSecond: number): CameraShot {
  const frameAt = (seconds: number) => Math.round(seconds * framesPerSecond);
  const targets = (position: (point: SpeakingTrack['points'][number]) => number): Target[] =>
    (track?.points ?? []).map((point) => ({ timeSeconds: point.timeSeconds, position: position(point) }));
  return {
    firstFrame: frameAt(shot.startSeconds),
    endFrame: next ? Math.min(frames, frameAt(next.startSeconds)) : frames,
    horizontal: targets(({ face }) => face.left + face.width / 2),
    vertical: targets(({ face }) => face.top + face.height / 2),
  };
}

/** A face wider than the crop counts as inside when the crop is. */
function countInside(
  track: SpeakingTrack | null,
  path: readonly CameraPoint[],
  { widthShare, heightShare }: { widthShare: number; heightShare: number },
  framesPerSecond: number,
  inside: { seen: number; whole: number },
): void {
  for (const { timeSeconds, face } of track?.points ?? []) {
    const frame = Math.round(timeSeconds * framesPerSecond);
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
