/** Decides for each shot whom it shows, and how, from a closed list of layouts; and says why. */
import type { Layout } from '@carmic/contract';
import { type CropShares, largestCrop, type Size } from './framing.ts';
import type { Shot, ShotTrack } from './shots.ts';
import { clearMargin, findSpeakers, type Speaking } from './speaking.ts';

export interface LayoutRules {
  source: Size;
  output: Size;
  framesPerSecond: number;
}

/** Who is shown from one frame to another; several where they fit into one crop. */
export interface Stretch {
  firstFrame: number;
  endFrame: number;
  subjects: readonly ShotTrack[];
}

/** What is done with one shot. */
export interface ShotPlan {
  shot: Shot;
  layout: Layout;
  reason: string;
  /** For `follow` one after the other; for layouts of several parts one for each part with a person; otherwise none. */
  stretches: readonly Stretch[];
  /** Faces of the foreground, and who of them is heard when. */
  people: readonly ShotTrack[];
  speaking: Speaking | null;
  /** True where a person asked for this layout: it is kept even when it proves worse. */
  isWished: boolean;
}

/** A crop that shows less than this of a picture without people would cut away what it is about. */
const leastCentreShare = 0.5;
/** A face this much smaller than the largest stands in the background. */
const foregroundShare = 0.45;
/** A face that takes more of a crop's width is cut on both sides; then the whole picture is the better one. */
const largestFaceShare = 0.8;
/** Without people a shot no longer than this is passed over. */
const passingSeconds = 4;
/** In a clip that follows nobody otherwise, a shot as short as this is the rest of another scene: whom it shows is nobody's matter. */
const flashSeconds = 0.5;
/** From this share of its time on, a clip is one that follows somebody. */
const followedShare = 0.4;
/** A camera's picture in a corner: how small a face is there, and how near to the edges. */
const insetWidth = 0.1;
const insetEdge = 0.24;
const insetSway = 0.035;
const insetSeconds = 3;
/** Brightness changes more than this from frame to frame in a game, less in slides and programs. */
const gameChange = 2.5;

/** Chooses the layouts of all shots of a clip. `levelsOf` are the sound levels of a shot's frames, `turnsOf` their speakers by the transcript. */
export function chooseLayouts(
  shots: readonly Shot[],
  rules: LayoutRules,
  levelsOf: (shot: number) => readonly number[],
  wish: Layout | null,
  turnsOf: (shot: number) => readonly (string | null)[] = () => [],
): ShotPlan[] {
  const secondsOf = (shot: Shot) => (shot.endFrame - shot.firstFrame) / rules.framesPerSecond;
  const laidOut = shots.map((shot, index) => layOutShot(shot, rules, { levels: levelsOf(index), turns: turnsOf(index) }, wish));
  const shares = largestCrop(rules.source, rules.output);
  const shown = shares.widthShare * shares.heightShare;
  const isFlash = (shot: Shot) => shots.length > 1 && secondsOf(shot) < flashSeconds;
  const followed = laidOut.flatMap((plan) => (plan?.layout === 'follow' && !isFlash(plan.shot) ? [plan.shot] : []));
  const sumOf = (some: readonly Shot[]) => some.reduce((sum, shot) => sum + secondsOf(shot), 0);
  const isFollowing = followed.length > 0 && sumOf(followed) >= sumOf(shots) * followedShare;
  const chosen = laidOut.map((plan) => (plan !== null && !plan.isWished && !isFollowing && isFlash(plan.shot) ? null : plan));
  return shots.map((shot, index): ShotPlan => {
    const seconds = secondsOf(shot);
    const mayCrop = shown >= leastCentreShare || (isFollowing && seconds <= passingSeconds);
    const percent = `${Math.round(100 * shown)} %`;
    const reason = mayCrop
      ? `Nobody is seen; the middle ${percent} of the picture is shown.`
      : `Nobody is seen, and a crop would show only ${percent} of the picture, so all of it is shown over a blur.`;
    const plain = { shot, stretches: [], people: [], speaking: null };
    return chosen[index] ?? { ...plain, layout: mayCrop ? 'center' : 'fit', reason, isWished: false };
  });
}

/** Null when nobody is seen and nothing is wished for. */
function layOutShot(
  shot: Shot,
  rules: LayoutRules,
  { levels, turns }: { levels: readonly number[]; turns: readonly (string | null)[] },
  wish: Layout | null,
): ShotPlan | null {
  const largest = Math.max(0, ...shot.tracks.map((track) => track.meanArea));
  const people = shot.tracks
    .filter((track) => track.meanArea >= largest * foregroundShare)
    .sort((a, b) => b.meanArea * b.presence - a.meanArea * a.presence);
  const speaking = people.length > 0 ? findSpeakers(people, shot, levels, rules.framesPerSecond, turns) : null;
  const make = (layout: Layout, reason: string, stretches: readonly Stretch[] = []): ShotPlan => {
    return { shot, layout, reason, stretches, people, speaking, isWished: false };
  };
  if (wish !== null && people.length >= peopleNeeded[wish]) {
    return { ...make(wish, 'This layout was asked for.', stretchesFor(wish, shot, people, speaking, rules)), isWished: true };
  }
  const automatic = chooseFor(shot, people, speaking, rules, make);
  if (wish === null || automatic === null) {
    return automatic;
  }
  return { ...automatic, reason: `A layout was asked for that needs more faces than are seen here. ${automatic.reason}` };
}

/** Faces without which a layout has nothing to show. */
const peopleNeeded: Record<Layout, number> = { follow: 1, center: 0, fit: 0, split: 2, grid: 3, screen: 1, gameplay: 1 };

function chooseFor(
  shot: Shot,
  people: readonly ShotTrack[],
  speaking: Speaking | null,
  rules: LayoutRules,
  make: (layout: Layout, reason: string, stretches?: readonly Stretch[]) => ShotPlan,
): ShotPlan | null {
  const [first] = people;
  if (!first || speaking === null) {
    return null;
  }
  const shares = largestCrop(rules.source, rules.output);
  const whole = (layout: Layout) => stretchesFor(layout, shot, people, speaking, rules);
  if (people.length === 1) {
    if (isInset(first, shot, rules)) {
      return shot.change > gameChange
        ? make(
            'gameplay',
            'A small face stays in a corner beside a picture full of movement: the face above, the game below.',
            whole('gameplay'),
          )
        : make('screen', 'A small face stays in a corner of a still picture: all of the screen above, the face below.', whole('screen'));
    }
    if (first.meanWidth > shares.widthShare * largestFaceShare) {
      return make('fit', 'The face is too close to crop, so the whole picture is shown over a blur.');
    }
    const there = `${Math.round(100 * first.presence)} %`;
    return make('follow', `The face that is seen is followed; it is there in ${there} of this shot.`, whole('follow'));
  }
  if (standInRows(people)) {
    return people.length <= 4
      ? make(
          'grid',
          `${people.length} people are seen in pictures of their own, above and beside each other, so all are shown.`,
          whole('grid'),
        )
      : make('fit', `${people.length} people are seen in pictures of their own, so the whole picture is shown over a blur.`);
  }
  if (fitTogether(people, shares)) {
    return make('follow', `${people.length} people stand close together and are all shown.`, [{ ...spanOf(shot), subjects: people }]);
  }
  const isFarAhead = people.slice(1).every((other) => first.presence >= other.presence * 2);
  if (isFarAhead) {
    return make('follow', 'The face that is there most of the time is followed.', [{ ...spanOf(shot), subjects: [first] }]);
  }
  if (speaking.margin >= clearMargin && people.every((track) => track.meanWidth <= shares.widthShare * largestFaceShare)) {
    const changes = speaking.stretches.length - 1;
    const how = changes === 0 ? 'One of them speaks and is followed' : `Whoever speaks is followed; ${changes} changes of speaker`;
    return make('follow', `${people.length} people are seen. ${how}.`, whole('follow'));
  }
  const isRoomy = people.every((track) => track.meanWidth <= 0.4);
  if (people.length === 2 && isRoomy) {
    return make('split', 'Two people are seen and it is not clear who speaks, so both are shown.', whole('split'));
  }
  if (people.length <= 4 && isRoomy) {
    return make('grid', `${people.length} people are seen and it is not clear who speaks, so all are shown.`, whole('grid'));
  }
  return make('fit', 'Several people are seen and it is not clear who speaks, so the whole picture is shown over a blur.');
}

/** Who is shown when, in a layout. */
export function stretchesFor(
  layout: Layout,
  shot: Shot,
  people: readonly ShotTrack[],
  speaking: Speaking | null,
  rules: LayoutRules,
): Stretch[] {
  const span = spanOf(shot);
  const shares = largestCrop(rules.source, rules.output);
  switch (layout) {
    case 'follow': {
      if (people.length > 1 && fitTogether(people, shares)) {
        return [{ ...span, subjects: people }];
      }
      return (speaking?.stretches ?? []).map(({ firstFrame, endFrame, track }) => ({
        firstFrame,
        endFrame,
        subjects: people.slice(track, track + 1),
      }));
    }
    case 'split':
      return fromLeft(people.slice(0, 2)).map((track) => ({ ...span, subjects: [track] }));
    case 'grid':
      return inReadingOrder(people.slice(0, 4)).map((track) => ({ ...span, subjects: [track] }));
    case 'screen':
    case 'gameplay':
      return people.slice(0, 1).map((track) => ({ ...span, subjects: [track] }));
    default:
      return [];
  }
}

function spanOf({ firstFrame, endFrame }: Shot): { firstFrame: number; endFrame: number } {
  return { firstFrame, endFrame };
}

/** People keep the order in which they sit. */
function fromLeft(people: readonly ShotTrack[]): ShotTrack[] {
  return [...people].sort((a, b) => middleOf(a).x - middleOf(b).x);
}

/** People in rows above each other go row by row, others from the left. */
function inReadingOrder(people: readonly ShotTrack[]): ShotTrack[] {
  const { upper, lower } = rowsOf(people);
  return lower.length === 0 ? fromLeft(people) : [...fromLeft(upper), ...fromLeft(lower)];
}

/** Rows are further apart than this, and what stands in one keeps its height to this. */
const rowsApart = 0.25;
const rowSway = 0.12;
const columnSway = 0.15;

function rowsOf(people: readonly ShotTrack[]): { upper: ShotTrack[]; lower: ShotTrack[] } {
  const heights = people.map((track) => middleOf(track).y);
  const [top, bottom] = [Math.min(...heights), Math.max(...heights)];
  const upper = people.filter((_, index) => (heights[index] ?? 0) - top <= rowSway);
  const lower = people.filter((_, index) => bottom - (heights[index] ?? 0) <= rowSway);
  const isTwoRows = bottom - top >= rowsApart && upper.length + lower.length === people.length;
  return isTwoRows ? { upper, lower } : { upper: [...people], lower: [] };
}

/**
 * Three or more small faces in two rows, one above the other: a call or a studio's screen with a picture for each. A crop that follows one
 * of them would cut through the pictures of others and through what is written below.
 */
function standInRows(people: readonly ShotTrack[]): boolean {
  const { upper, lower } = rowsOf(people);
  const isBelow = (track: ShotTrack) => upper.some((above) => Math.abs(middleOf(above).x - middleOf(track).x) <= columnSway);
  return people.length >= 3 && lower.length > 0 && lower.some(isBelow) && people.every((track) => track.meanWidth <= 0.16);
}

function middleOf({ points }: ShotTrack): { x: number; y: number } {
  const mean = (value: (index: number) => number) => points.reduce((sum, _, index) => sum + value(index), 0) / Math.max(1, points.length);
  return {
    x: mean((index) => (points[index]?.face.left ?? 0) + (points[index]?.face.width ?? 0) / 2),
    y: mean((index) => (points[index]?.face.top ?? 0) + (points[index]?.face.height ?? 0) / 2),
  };
}

function isInset(track: ShotTrack, shot: Shot, { framesPerSecond }: LayoutRules): boolean {
  const { x, y } = middleOf(track);
  const sway = Math.sqrt(
    track.points.reduce((sum, { face }) => sum + (face.left + face.width / 2 - x) ** 2, 0) / Math.max(1, track.points.length),
  );
  const isCorner = Math.min(x, 1 - x) < insetEdge && (y < insetEdge + 0.08 || 1 - y < insetEdge + 0.14);
  const isLong = shot.endFrame - shot.firstFrame >= insetSeconds * framesPerSecond;
  return isCorner && isLong && track.meanWidth <= insetWidth && sway <= insetSway && track.presence >= 0.6;
}

/** Whether the middles of people fit into one crop with their faces whole. */
function fitTogether(people: readonly ShotTrack[], { widthShare, heightShare }: CropShares): boolean {
  const faces = people.flatMap(({ points }) => points.map((point) => point.face));
  const width = Math.max(...faces.map((face) => face.left + face.width)) - Math.min(...faces.map((face) => face.left));
  const height = Math.max(...faces.map((face) => face.top + face.height)) - Math.min(...faces.map((face) => face.top));
  return width <= widthShare * 0.95 && height <= heightShare;
}
