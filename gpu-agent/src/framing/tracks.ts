/** Joins faces of single pictures to tracks: the same face over time, within one shot. */
import type { Face } from './faceDetector.ts';

/** The faces of one looked-at picture. */
export interface FaceSample {
  timeSeconds: number;
  faces: readonly Face[];
}

export interface TrackPoint {
  timeSeconds: number;
  sample: number;
  face: Face;
}

export interface Track {
  points: readonly TrackPoint[];
  /** Share of the shot's samples in which it was seen. */
  presence: number;
  meanScore: number;
  /** Mean area as a share of the picture. */
  meanArea: number;
}

/** A face may go unseen for this long, by a turn of the head or a hand, and still be the same. */
const longestGapSeconds = 1.6;
/** Overlap from which two boxes can be the same face (intersection over union). */
const leastOverlap = 0.15;
/** Or their middles are at most this many face widths apart. */
const nearWidths = 0.6;
/** What is seen less often than this in its shot is an accident of the picture. */
const leastPresence = 0.34;

/** Builds the tracks of one shot. `samples` are in order of time; indexes in the result count from the first of them. */
export function buildTracks(samples: readonly FaceSample[]): Track[] {
  const open: TrackPoint[][] = [];
  for (const [index, sample] of samples.entries()) {
    const free = new Set(sample.faces);
    const pairs = open
      .flatMap((points) => {
        const last = points.at(-1);
        return last && sample.timeSeconds - last.timeSeconds <= longestGapSeconds
          ? sample.faces.map((face) => ({ points, face, likeness: likeness(last.face, face) }))
          : [];
      })
      .filter((pair) => pair.likeness > 0)
      .sort((a, b) => b.likeness - a.likeness);
    const extended = new Set<TrackPoint[]>();
    for (const { points, face } of pairs) {
      if (free.has(face) && !extended.has(points)) {
        points.push({ timeSeconds: sample.timeSeconds, sample: index, face });
        extended.add(points);
        free.delete(face);
      }
    }
    for (const face of free) {
      open.push([{ timeSeconds: sample.timeSeconds, sample: index, face }]);
    }
  }
  return open
    .map((points) => describe(points, samples.length))
    .filter((track) => track.presence >= leastPresence && isSteady(track, samples.length));
}

/** One sighting proves nothing, unless the shot is so short that there could be no second. */
function isSteady(track: Track, sampleCount: number): boolean {
  return track.points.length >= 2 || sampleCount <= 2;
}

function describe(points: readonly TrackPoint[], sampleCount: number): Track {
  const mean = (value: (face: Face) => number) => points.reduce((sum, point) => sum + value(point.face), 0) / points.length;
  return {
    points,
    presence: points.length / Math.max(1, sampleCount),
    meanScore: mean((face) => face.score),
    meanArea: mean((face) => face.width * face.height),
  };
}

/** How much two boxes look like the same face; 0 when they cannot be. */
function likeness(a: Face, b: Face): number {
  const overlap = intersection(a, b) / (a.width * a.height + b.width * b.height - intersection(a, b));
  const apart = Math.hypot(a.left + a.width / 2 - b.left - b.width / 2, a.top + a.height / 2 - b.top - b.height / 2);
  const isSimilarSize = Math.max(a.width, b.width) < 2 * Math.min(a.width, b.width);
  if (overlap < leastOverlap && (apart > nearWidths * Math.max(a.width, b.width) || !isSimilarSize)) {
    return 0;
  }
  return overlap + 0.01 / (0.01 + apart);
}

function intersection(a: Face, b: Face): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}
