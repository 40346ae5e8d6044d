/**
 * Writes down how a clip is framed, small enough to be stored with its result: the console draws the crops where a person places them, and
 * its preview keeps captions off the same faces. Captions of the rendition itself are placed by this record too, so that both agree.
 */
import { type ClipFace, type CropPath, type FramingRecord, mostRecorded, type PathPoint, simplifyPath } from '@carmic/contract';
import { rateValue } from '../render/timeline.ts';
import type { FramedClip } from './framer.ts';
import type { CameraPoint, View } from './framing.ts';
import { viewsOf } from './views.ts';

/** A crop is drawn at most this far from where it is, as a share of the picture. */
const pathTolerance = 0.002;
/** A face that moves less than this stays where it was. */
const faceTolerance = 0.004;
const decimals = 1e4;

/** Records crops and faces, in times of the clip without its intro. */
export function recordFraming({ picture, segments, faces }: Pick<FramedClip, 'picture' | 'segments' | 'faces'>): FramingRecord {
  const framesPerSecond = rateValue(picture.rate);
  const views = segments.flatMap((framing, index) => {
    const segment = picture.segments[index];
    return segment === undefined ? [] : (viewsOf(framing) ?? []).map((view) => ({ view, segment }));
  });
  const most = Math.max(2, Math.floor(mostRecorded.points / Math.max(1, views.length)));
  const crops = views.map(({ view, segment }): CropPath => {
    const points = cornersOf(view, segment.frames).map(({ frame, left, top }) => ({
      atSeconds: round(segment.outSeconds + frame / framesPerSecond),
      left: round(share(left)),
      top: round(share(top)),
    }));
    return {
      startSeconds: segment.outSeconds,
      endSeconds: segment.outSeconds + segment.frames / framesPerSecond,
      width: Math.min(1, view.widthShare),
      height: Math.min(1, view.heightShare),
      points: atMost(points, most),
    };
  });
  return { crops: crops.slice(0, mostRecorded.crops), faces: joinFaces(faces).slice(0, mostRecorded.faces) };
}

/** The path as few corners; where it rests it has one at each end of the rest. */
function cornersOf({ path }: View, frames: number): CameraPoint[] {
  const corners: CameraPoint[] = [];
  for (const point of path) {
    const before = corners.at(-1);
    if (before !== undefined && before.frame < point.frame - 1) {
      corners.push({ ...before, frame: point.frame - 1 });
    }
    corners.push(point);
  }
  const last = corners.at(-1);
  return last !== undefined && last.frame < frames - 1 ? [...corners, { ...last, frame: frames - 1 }] : corners;
}

function atMost(points: readonly PathPoint[], most: number): PathPoint[] {
  let kept = simplifyPath(points, pathTolerance);
  for (let tolerance = pathTolerance * 2; kept.length > most; tolerance *= 2) {
    kept = simplifyPath(points, tolerance);
  }
  return kept;
}

/** Joins sightings of a face that hardly moves. */
function joinFaces(faces: readonly ClipFace[]): ClipFace[] {
  const joined: ClipFace[] = [];
  let running: ClipFace[] = [];
  for (const face of faces) {
    running = running.filter((known) => known.endSeconds >= face.startSeconds - 1e-6);
    const same = running.find((known) => Math.abs(known.endSeconds - face.startSeconds) < 1e-6 && isNear(known, face));
    if (same !== undefined) {
      same.endSeconds = face.endSeconds;
      continue;
    }
    const { startSeconds, endSeconds, left, top, width, height } = face;
    const fresh = { startSeconds, endSeconds, left: round(left), top: round(top), width: round(width), height: round(height) };
    joined.push(fresh);
    running.push(fresh);
  }
  return joined;
}

function isNear(a: ClipFace, b: ClipFace): boolean {
  return (['left', 'top', 'width', 'height'] as const).every((side) => Math.abs(a[side] - b[side]) <= faceTolerance);
}

function round(value: number): number {
  return Math.round(value * decimals) / decimals;
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
