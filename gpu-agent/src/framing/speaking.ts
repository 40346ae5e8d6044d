/**
 * Tells who speaks, from how mouths move against the sound.
 *
 * Two signs are added up over windows of two seconds: whose mouth moves more than the rest of its face, and whose movement goes with
 * the loudness (best of a few lags). The most likely course of speakers is then found by dynamic programming, in which every change
 * costs something and nobody is left before the shortest stay: a listener who smiles changes nothing.
 */
import type { MouthChange } from './tracks.ts';
import { poolByTurn } from './turns.ts';

/** Who is shown from one frame to another, as an index into the tracks. */
export interface SpeakerStretch {
  firstFrame: number;
  endFrame: number;
  track: number;
}

export interface Speaking {
  stretches: readonly SpeakerStretch[];
  /** By how much the signs favour those chosen over the next best, on average while somebody is heard; below 0 for the wrong ones. */
  margin: number;
  /** Who is heard in each frame by the signs alone, without regard to changes; null where nobody is or the signs say nothing. */
  heard: readonly (number | null)[];
}

const hopSeconds = 0.2;
const windowSeconds = 2;
/** Nobody is left sooner. */
const shortestStaySeconds = 1.6;
/** What a change of speaker costs, in hops of clear evidence. */
const changeCost = 2.2;
const largestLagFrames = 3;
const restWeight = 0.8;
/** A mouth that changes less than this, in levels of brightness, is as good as still: noise and compression do as much. */
const quietMouth = 0.8;
/** Evidence below this says nothing. */
export const clearMargin = 0.3;
/** A programme whose loud and quiet frames are closer than this has no pauses. */
const pauseDb = 9;

/**
 * Finds who speaks in a shot. `levels` are dBFS per frame, of this shot only; empty without sound. `turns` names
 * the speaker of each frame of the shot where a transcript does; otherwise empty.
 */
export function findSpeakers(
  tracks: readonly { mouth: readonly MouthChange[] }[],
  { firstFrame, endFrame }: { firstFrame: number; endFrame: number },
  levels: readonly number[],
  framesPerSecond: number,
  turns: readonly (string | null)[] = [],
): Speaking {
  const frames = endFrame - firstFrame;
  const hop = Math.max(1, Math.round(hopSeconds * framesPerSecond));
  const hops = Math.max(1, Math.ceil(frames / hop));
  const motion = tracks.map(({ mouth }) => motionOf(mouth, firstFrame, frames));
  const sound = levels.map((level) => Math.max(level, -60));
  const voiced = findVoiced(sound, frames);
  const half = Math.round((windowSeconds * framesPerSecond) / 2);
  const signs = Array.from({ length: hops }, (_, index) => {
    const middle = Math.min(frames - 1, index * hop + (hop >> 1));
    return weigh(motion, sound, Math.max(0, middle - half), Math.min(frames, middle + half));
  });
  const isVoiced = Array.from({ length: hops }, (_, index) => voiced.slice(index * hop, (index + 1) * hop).some(Boolean));
  const evidence = turns.length === 0 ? signs : poolByTurn(signs, isVoiced, turns, hop);
  const stay = Math.max(1, Math.round((shortestStaySeconds * framesPerSecond) / hop));
  const course = bestCourse(
    evidence.map((scores, index) => (isVoiced[index] ? scores : scores.map(() => 0))),
    stay,
  );
  const stretches: SpeakerStretch[] = [];
  for (const [index, track] of course.entries()) {
    const last = stretches.at(-1);
    const from = firstFrame + index * hop;
    const to = Math.min(endFrame, from + hop);
    if (last && last.track === track) {
      last.endFrame = to;
    } else {
      stretches.push({ firstFrame: from, endFrame: to, track });
    }
  }
  return { stretches, margin: meanMargin(evidence, isVoiced, course), heard: whoIsHeard(evidence, voiced, hop) };
}

/** How much the mouth moves beyond the rest of the face, per frame. */
function motionOf(mouth: readonly MouthChange[], firstFrame: number, frames: number): Float64Array {
  const motion = new Float64Array(frames);
  for (const { frame, mouth: around, rest } of mouth) {
    motion[frame - firstFrame] = Math.max(0, around - restWeight * rest);
  }
  return motion;
}

/** Frames in which somebody may be heard: well above the quiet ones of this shot. */
function findVoiced(sound: readonly number[], frames: number): boolean[] {
  if (sound.length === 0) {
    return Array.from({ length: frames }, () => true);
  }
  const sorted = [...sound].sort((a, b) => a - b);
  const quiet = sorted[Math.floor(sorted.length * 0.1)] ?? 0;
  const loud = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  const threshold = loud - quiet < pauseDb ? Math.min(quiet, -50) : Math.max(quiet + 6, loud - 25);
  return Array.from({ length: frames }, (_, frame) => (sound[frame] ?? -60) > threshold);
}

/** Evidence for each track in a window: positive for who speaks. */
function weigh(motion: readonly Float64Array[], sound: readonly number[], from: number, to: number): number[] {
  const energy = motion.map((series) => series.subarray(from, to).reduce((sum, value) => sum + value, 0) / Math.max(1, to - from));
  const likeness = motion.map((series) => (sound.length === 0 ? 0 : bestCorrelation(series, sound, from, to)));
  return motion.map((_, track) => {
    const others = (values: readonly number[]) => Math.max(0, ...values.filter((__, other) => other !== track));
    const ratio = Math.log(((energy[track] ?? 0) + quietMouth) / (others(energy) + quietMouth));
    return Math.max(-1.2, Math.min(1.2, ratio)) + 1.6 * ((likeness[track] ?? 0) - others(likeness));
  });
}

function bestCorrelation(series: Float64Array, sound: readonly number[], from: number, to: number): number {
  let best = 0;
  for (let lag = -largestLagFrames; lag <= largestLagFrames; lag++) {
    best = Math.max(best, correlation(series, sound, from, to, lag));
  }
  return best;
}

function correlation(series: Float64Array, sound: readonly number[], from: number, to: number, lag: number): number {
  let count = 0;
  let [sumX, sumY, sumXX, sumYY, sumXY] = [0, 0, 0, 0, 0];
  for (let frame = from; frame < to; frame++) {
    const y = sound[frame + lag];
    if (y === undefined) {
      continue;
    }
    // The mean of three frames: a mouth is still at its widest.
    const x = Math.log1p(((series[frame - 1] ?? 0) + (series[frame] ?? 0) + (series[frame + 1] ?? 0)) / 3);
    count += 1;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumYY += y * y;
    sumXY += x * y;
  }
  const varianceX = sumXX - (sumX * sumX) / count;
  const varianceY = sumYY - (sumY * sumY) / count;
  return count < 8 || varianceX < 1e-6 || varianceY < 1e-6 ? 0 : (sumXY - (sumX * sumY) / count) / Math.sqrt(varianceX * varianceY);
}

/** The course of tracks with the most evidence, in which each stays for at least `stay` hops. */
function bestCourse(evidence: readonly (readonly number[])[], stay: number): number[] {
  const trackCount = evidence[0]?.length ?? 0;
  const ages = Math.min(stay, evidence.length);
  const stateOf = (track: number, age: number) => track * ages + age;
  let scores = new Array<number>(trackCount * ages).fill(Number.NEGATIVE_INFINITY);
  const from: number[][] = [];
  for (const [index, weights] of evidence.entries()) {
    const next = new Array<number>(trackCount * ages).fill(Number.NEGATIVE_INFINITY);
    const source = new Array<number>(trackCount * ages).fill(0);
    const offer = (state: number, score: number, origin: number) => {
      if (score > (next[state] ?? 0)) {
        next[state] = score;
        source[state] = origin;
      }
    };
    for (let track = 0; track < trackCount; track++) {
      const gain = weights[track] ?? 0;
      if (index === 0) {
        offer(stateOf(track, 0), gain, 0);
        continue;
      }
      for (let age = 0; age < ages; age++) {
        const state = stateOf(track, age);
        offer(stateOf(track, Math.min(ages - 1, age + 1)), (scores[state] ?? 0) + gain, state);
      }
      for (let other = 0; other < trackCount; other++) {
        const state = stateOf(other, ages - 1);
        if (other !== track) {
          offer(stateOf(track, 0), (scores[state] ?? 0) + gain - changeCost, state);
        }
      }
    }
    from.push(source);
    scores = next;
  }
  // The last one too has been there for long enough, unless the shot is too short for anybody.
  const ends = Array.from({ length: trackCount }, (_, track) => stateOf(track, ages - 1));
  let state = ends.reduce((best, end) => ((scores[end] ?? 0) > (scores[best] ?? 0) ? end : best), ends[0] ?? 0);
  const course: number[] = [];
  for (let index = evidence.length - 1; index >= 0; index--) {
    course.unshift(Math.floor(state / ages));
    state = from[index]?.[state] ?? 0;
  }
  return course;
}

function meanMargin(evidence: readonly (readonly number[])[], isVoiced: readonly boolean[], course: readonly number[]): number {
  let sum = 0;
  let count = 0;
  for (const [index, scores] of evidence.entries()) {
    const chosen = course[index] ?? 0;
    const other = Math.max(...scores.filter((_, track) => track !== chosen));
    if (isVoiced[index] && Number.isFinite(other)) {
      sum += (scores[chosen] ?? 0) - other;
      count += 1;
    }
  }
  return count === 0 ? 0 : sum / count;
}

function whoIsHeard(evidence: readonly (readonly number[])[], voiced: readonly boolean[], hop: number): (number | null)[] {
  return voiced.map((isVoiced, frame) => {
    const scores = evidence[Math.floor(frame / hop)] ?? [];
    const sorted = [...scores].sort((a, b) => b - a);
    const isClear = (sorted[0] ?? 0) - (sorted[1] ?? Number.NEGATIVE_INFINITY) > clearMargin;
    return isVoiced && isClear ? scores.indexOf(sorted[0] ?? 0) : null;
  });
}
