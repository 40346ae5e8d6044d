/** Cuts an analysis into shots, and says who is in them. */
import { meshAgrees, type SpanAnalysis } from './analyze.ts';
import type { MouthChange, Track, TrackPoint } from './tracks.ts';

/** A face in one shot. */
export interface ShotTrack {
  points: readonly TrackPoint[];
  mouth: readonly MouthChange[];
  /** Share of the shot's samples in which it was seen. */
  presence: number;
  meanScore: number;
  /** Mean area as a share of the picture. */
  meanArea: number;
  meanWidth: number;
}

export interface Shot {
  /** Frames of its span: the first, and the one behind the last. */
  firstFrame: number;
  endFrame: number;
  tracks: readonly ShotTrack[];
  /** Mean change of brightness from frame to frame. */
  change: number;
}

/** What is seen less often than this in its shot is an accident of the picture. */
const leastPresence = 0.34;
/** A face that the mesh does not fit (a profile) still counts when the detector saw it clearly all the time. */
const clearlySeen = 0.62;
const surely = 0.8;

/** The shots of a span, in order. */
export function listShots({ cuts, frames, samples, tracks, changes }: SpanAnalysis): Shot[] {
  const starts = [0, ...cuts.filter((cut) => cut > 0 && cut < frames)];
  return starts.map((firstFrame, index) => {
    const endFrame = starts[index + 1] ?? frames;
    const isInside = ({ frame }: { frame: number }) => frame >= firstFrame && frame < endFrame;
    const looks = samples.filter((frame) => isInside({ frame })).length;
    const seen = tracks
      .map((track) => describe(track, track.points.filter(isInside), track.mouth.filter(isInside), looks))
      .filter((track) => track !== null);
    // The first frame's change is the cut itself.
    const inner = changes.slice(firstFrame + 1, endFrame);
    const change = inner.reduce((sum, value) => sum + value, 0) / Math.max(1, inner.length);
    return { firstFrame, endFrame, tracks: seen, change };
  });
}

/** Null for what is no face, or hardly there. */
function describe(track: Track, points: readonly TrackPoint[], mouth: readonly MouthChange[], looks: number): ShotTrack | null {
  const mean = (value: (point: TrackPoint) => number) => points.reduce((sum, point) => sum + value(point), 0) / Math.max(1, points.length);
  const presence = points.length / Math.max(1, looks);
  // One sighting proves nothing, unless the shot is so short that there could be no second.
  const isSteady = points.length >= 2 || (points.length === 1 && looks <= 2);
  const meanScore = mean((point) => point.face.score);
  const isFace = meanScore >= surely || (track.meshScore ?? 0) >= meshAgrees || meanScore >= clearlySeen;
  if (!isSteady || !isFace || presence < leastPresence) {
    return null;
  }
  return {
    points,
    mouth,
    presence,
    meanScore,
    meanArea: mean(({ face }) => face.width * face.height),
    meanWidth: mean(({ face }) => face.width),
  };
}
