/** Decides whom a clip shows, and how: a face followed, the middle of the picture, or all of it. */
import type { Layout } from '@carmic/contract';
import type { Track } from './tracks.ts';

/** What was seen in one shot. */
export interface ShotFaces {
  seconds: number;
  tracks: readonly SpeakingTrack[];
}

export interface SpeakingTrack extends Track {
  /** How much more the mouth moves than the rest of the face; 1 says nothing. */
  mouthMotion: number;
}

export interface LayoutChoice {
  layout: Layout;
  reason: string;
  shots: readonly ShotLayout[];
}

/** What is done with one shot. */
export type ShotLayout = { kind: 'follow'; track: SpeakingTrack } | { kind: 'center' } | { kind: 'fit' };

export interface LayoutRules {
  /** Share of the picture's width and height that a crop shows. */
  widthShare: number;
  heightShare: number;
}

/** A crop that shows less than this of a picture without people would cut away what it is about. */
const leastCentreShare = 0.5;
/** A face this much smaller than the largest stands in the background. */
const foregroundShare = 0.45;
/** The most moving mouth must move this much more than the next, or nobody is taken to speak. */
const clearlySpeaking = 1.25;

/** A face that takes more of a crop's width is cut on both sides; then the whole picture is the better one. */
const largestFaceShare = 0.8;

/** Chooses the layout of a clip from the faces of its shots, and says why in one sentence. */
export function chooseLayout(shots: readonly ShotFaces[], rules: LayoutRules): LayoutChoice {
  const chosen = shots.map((shot) => layOutShot(shot.tracks, rules));
  const shown = rules.widthShare * rules.heightShare;
  const isFollowing = chosen.some((layout) => layout?.kind === 'follow');
  // Without people a short shot between others may be cropped, a long one may not, and a clip is either cropped or not.
  const layouts = shots.map((shot, index): ShotLayout => {
    const mayCrop = shown >= leastCentreShare || (isFollowing && shot.seconds <= passingSeconds);
    return chosen[index] ?? { kind: mayCrop ? 'center' : 'fit' };
  });
  const total = shots.reduce((sum, shot) => sum + shot.seconds, 0);
  const shareOf = (matches: (index: number) => boolean) =>
    shots.reduce((sum, shot, index) => sum + (matches(index) ? shot.seconds : 0), 0) / Math.max(total, 0.001);
  const followed = shareOf((index) => layouts[index]?.kind === 'follow');
  const whole = shareOf((index) => layouts[index]?.kind === 'fit');
  const layout = followed > 0 && followed >= whole * followsOver ? 'follow' : whole > 0.5 ? 'fit' : 'center';
  const isSomebodySeen = shareOf((index) => chosen[index] !== null) > 0;
  return { layout, reason: explain(layout, { followed, whole, shown, isSomebodySeen }, shots), shots: layouts };
}

/** A clip counts as following a face when it does so for at least this part of the time in which all of the picture is shown. */
const followsOver = 0.7;
/** A shot without people that is no longer than this is passed over. */
const passingSeconds = 4;

interface Shares {
  followed: number;
  whole: number;
  shown: number;
  isSomebodySeen: boolean;
}

function explain(layout: Layout, { followed, whole, shown, isSomebodySeen }: Shares, shots: readonly ShotFaces[]): string {
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  if (layout === 'follow') {
    const isCrowded = shots.some((shot) => shot.tracks.length > 1);
    const whom = isCrowded ? 'The face that is largest and whose mouth moves most is followed' : 'The face that is seen is followed';
    const also = whole > 0 ? '; where no single face can be followed, the whole picture is shown over a blur' : '';
    return `${whom}; it is there in ${percent(followed)} of the clip${also}.`;
  }
  if (layout === 'center') {
    return `No face is followed; the middle ${percent(shown)} of the picture is shown.`;
  }
  return isSomebodySeen
    ? 'Several people are seen far apart, or one too close to crop, so the whole picture is shown over a blur.'
    : `Nobody is seen, and a crop would show only ${percent(shown)} of the picture, so all of it is shown over a blur.`;
}

/** Null when nobody is seen. */
function layOutShot(tracks: readonly SpeakingTrack[], rules: LayoutRules): ShotLayout | null {
  const largest = Math.max(0, ...tracks.map((track) => track.meanArea));
  const foreground = tracks.filter((track) => track.meanArea >= largest * foregroundShare);
  const [first, second] = [...foreground].sort((a, b) => importance(b) - importance(a));
  if (!first) {
    return null;
  }
  if (meanWidth(first) > rules.widthShare * largestFaceShare) {
    return { kind: 'fit' };
  }
  const isClear =
    !second ||
    fitTogether(first, second, rules) ||
    first.mouthMotion >= second.mouthMotion * clearlySpeaking ||
    first.meanArea >= second.meanArea * 1.8 ||
    first.presence >= second.presence * 2;
  return isClear ? { kind: 'follow', track: first } : { kind: 'fit' };
}

function meanWidth({ points }: Track): number {
  return points.reduce((sum, { face }) => sum + face.width, 0) / Math.max(1, points.length);
}

/** Large, often seen, surely a face, and moving its mouth. */
function importance(track: SpeakingTrack): number {
  return Math.sqrt(track.meanArea) * track.presence * track.meanScore * track.mouthMotion;
}

function fitTogether(a: Track, b: Track, rules: LayoutRules): boolean {
  const box = (track: Track) => track.points[Math.floor(track.points.length / 2)]?.face;
  const [one, two] = [box(a), box(b)];
  if (!one || !two) {
    return true;
  }
  const width = Math.max(one.left + one.width, two.left + two.width) - Math.min(one.left, two.left);
  const height = Math.max(one.top + one.height, two.top + two.height) - Math.min(one.top, two.top);
  return width <= rules.widthShare && height <= rules.heightShare;
}
