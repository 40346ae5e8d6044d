/** Joins the faces of single pictures to tracks: the same face over time. */
import type { CheckedFace, Face } from './faceDetector.ts';

export interface TrackPoint {
  frame: number;
  face: Face;
  /** True where nothing moved since the point before, whose face this is. */
  isRepeated: boolean;
}

/** How much of a face changed since the frame before: around the mouth, and above it. */
export interface MouthChange {
  frame: number;
  mouth: number;
  rest: number;
}

export interface Track {
  points: TrackPoint[];
  /** What the second look thought of it at best; null while it was not asked. */
  meshScore: number | null;
  /** How often the second look was asked. */
  secondLooks: number;
  mouth: MouthChange[];
}

export interface Tracker {
  /** Adds the faces of one picture and answers the tracks that got one of them. */
  push(frame: number, faces: readonly CheckedFace[], isRepeated: boolean): Track[];
  /** Tracks that may go on at `frame`. */
  active(frame: number): Track[];
  finish(): Track[];
}

/** A face may go unseen for this long, by a turn of the head or a hand, and still be the same. */
const longestGapSeconds = 1.6;
/** Overlap from which two boxes can be the same face (intersection over union). */
const leastOverlap = 0.15;
/** Or their middles are at most this many face widths apart, and after a longer time further: somebody who walks goes as fast. */
const nearWidths = { least: 0.75, perSecond: 3.2, most: 1.5 };

/** Makes a tracker; frames are pushed in order. */
export function createTracker(framesPerSecond: number): Tracker {
  const tracks: Track[] = [];
  const longestGap = longestGapSeconds * framesPerSecond;
  const active = (frame: number) => tracks.filter((track) => frame - (track.points.at(-1)?.frame ?? 0) <= longestGap);
  return {
    active,
    push(frame, faces, isRepeated) {
      const free = new Set(faces);
      const extended = new Set<Track>();
      const add = (track: Track, found: CheckedFace) => {
        const { meshScore, eyes: _, ...face } = found;
        track.points.push({ frame, face, isRepeated });
        if (meshScore !== null) {
          track.meshScore = Math.max(track.meshScore ?? 0, meshScore);
          track.secondLooks += 1;
        }
        extended.add(track);
        free.delete(found);
      };
      const pairs = active(frame)
        .flatMap((track) => faces.map((face) => ({ track, face, likeness: likenessTo(track, frame, face, framesPerSecond) })))
        .filter((pair) => pair.likeness > 0)
        .sort((a, b) => b.likeness - a.likeness);
      for (const { track, face } of pairs) {
        if (free.has(face) && !extended.has(track)) {
          add(track, face);
        }
      }
      for (const face of free) {
        const track: Track = { points: [], meshScore: null, secondLooks: 0, mouth: [] };
        tracks.push(track);
        add(track, face);
      }
      return [...extended];
    },
    finish: () => tracks,
  };
}

/** Compared with where the face is going, not only with where it was. */
function likenessTo(track: Track, frame: number, face: Face, framesPerSecond: number): number {
  const last = track.points.at(-1);
  if (!last) {
    return 0;
  }
  const { least, perSecond, most } = nearWidths;
  const reach = Math.min(most, Math.max(least, (perSecond * (frame - last.frame)) / framesPerSecond));
  return Math.max(likeness(last.face, face, reach), likeness(expectedFace(track, frame), face, reach));
}

/** Where a face will be, when it goes on as between its last two sightings, for as long again. */
export function expectedFace({ points }: Pick<Track, 'points'>, frame: number): Face {
  const last = points.at(-1) ?? nowhere;
  const before = points.at(-2);
  if (!before || before.frame === last.frame) {
    return last.face;
  }
  const ahead = Math.min(1.2, (frame - last.frame) / (last.frame - before.frame));
  return {
    ...last.face,
    left: last.face.left + (last.face.left - before.face.left) * ahead,
    top: last.face.top + (last.face.top - before.face.top) * ahead,
  };
}

const nowhere = { frame: 0, face: { left: 0, top: 0, width: 0, height: 0, score: 0 } };

/** How much two boxes look like the same face, whose middles are within `reach` widths; 0 when they cannot be. */
function likeness(a: Face, b: Face, reach: number): number {
  const overlap = intersection(a, b) / (a.width * a.height + b.width * b.height - intersection(a, b));
  const apart = Math.hypot(a.left + a.width / 2 - b.left - b.width / 2, a.top + a.height / 2 - b.top - b.height / 2);
  const isSimilarSize = Math.max(a.width, b.width) < 2 * Math.min(a.width, b.width);
  if (overlap < leastOverlap && (apart > reach * Math.max(a.width, b.width) || !isSimilarSize)) {
    return 0;
  }
  return overlap + 0.01 / (0.01 + apart);
}

function intersection(a: Face, b: Face): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}

/**
 * Where a face is on a frame: between its sightings on a straight line, before the first and behind the last where it was then. Null
 * further away from them than `reach` frames.
 */
export function faceAt(points: readonly TrackPoint[], frame: number, reach: number): Face | null {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.frame ?? 0) < frame) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const next = points[low];
  const before = points[low - 1];
  if (next && before) {
    return between(before.face, next.face, (frame - before.frame) / (next.frame - before.frame));
  }
  const nearest = next ?? before;
  return nearest && Math.abs(nearest.frame - frame) <= reach ? nearest.face : null;
}

/** A box between two others; `share` 0 is the first. */
function between(a: Face, b: Face, share: number): Face {
  const mix = (from: number, to: number) => from + (to - from) * share;
  return {
    left: mix(a.left, b.left),
    top: mix(a.top, b.top),
    width: mix(a.width, b.width),
    height: mix(a.height, b.height),
    score: mix(a.score, b.score),
  };
}
