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
  /** The track to follow in each shot; null where there is none. */
  followed: readonly (SpeakingTrack | null)[];
}

export interface LayoutRules {
  /** Share of the picture's width and height that a crop shows. */
  widthShare: number;
  heightShare: number;
}

/** A crop that shows less than this of a picture without people would cut away what it is about. */
const leastCentreShare = 0.5;
/** Faces must be seen in this share of the clip to be what it is about. */
const leastFaceShare = 0.3;
/** A face this much smaller than the largest stands in the background. */
const foregroundShare = 0.45;
/** The most moving mouth must move this much more than the next, or nobody is taken to speak. */
const clearlySpeaking = 1.25;

/** Chooses the layout of a clip from the faces of its shots, and says why in one sentence. */
export function chooseLayout(shots: readonly ShotFaces[], rules: LayoutRules): LayoutChoice {
  const total = shots.reduce((sum, shot) => sum + shot.seconds, 0);
  const choices = shots.map((shot) => chooseFace(shot.tracks, rules));
  const secondsOf = (matches: (choice: FaceChoice) => boolean) =>
    shots.reduce((sum, shot, index) => sum + (matches(choices[index] ?? nobody) ? shot.seconds : 0), 0);
  const unclear = secondsOf((choice) => choice.isUnclear);
  if (unclear > total / 2) {
    return {
      layout: 'fit',
      reason: 'Several people are seen far apart and it is not clear who speaks, so the whole picture is shown over a blur.',
      followed: choices.map(() => null),
    };
  }
  const seen = secondsOf((choice) => choice.track !== null);
  if (seen >= total * leastFaceShare) {
    const people = Math.max(...shots.map((shot) => shot.tracks.length));
    const share = `${Math.round((100 * seen) / Math.max(total, 0.001))} %`;
    const whom =
      people > 1
        ? `Of ${people} people the one who is largest and whose mouth moves most is followed`
        : 'The face that is seen is followed';
    return { layout: 'follow', reason: `${whom}; it is there in ${share} of the clip.`, followed: choices.map((choice) => choice.track) };
  }
  const shown = Math.round(100 * rules.widthShare * rules.heightShare);
  const none = choices.map(() => null);
  if (rules.widthShare * rules.heightShare < leastCentreShare) {
    const reason = `Nobody is seen, and a crop would show only ${shown} % of the picture, so all of it is shown over a blur.`;
    return { layout: 'fit', reason, followed: none };
  }
  return { layout: 'center', reason: `Nobody is seen; the middle ${shown} % of the picture is shown.`, followed: none };
}

interface FaceChoice {
  track: SpeakingTrack | null;
  isUnclear: boolean;
}
const nobody: FaceChoice = { track: null, isUnclear: false };

function chooseFace(tracks: readonly SpeakingTrack[], rules: LayoutRules): FaceChoice {
  const largest = Math.max(0, ...tracks.map((track) => track.meanArea));
  const foreground = tracks.filter((track) => track.meanArea >= largest * foregroundShare);
  const [first, second] = [...foreground].sort((a, b) => importance(b) - importance(a));
  if (!first || !second || fitTogether(first, second, rules)) {
    return { track: first ?? null, isUnclear: false };
  }
  const isClear =
    first.mouthMotion >= second.mouthMotion * clearlySpeaking ||
    first.meanArea >= second.meanArea * 1.8 ||
    first.presence >= second.presence * 2;
  return isClear ? { track: first, isUnclear: false } : { track: null, isUnclear: true };
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
