import type { Analysis, ScorePart, Span as TimeSpan, Word } from '@carmic/contract';
import { outOfWords } from './edges.ts';
import { buildSound, quantile } from './sound.ts';
import type { SuggestedClip } from './suggestedClip.ts';

interface Options {
  clipCount: number;
  minClipSeconds: number;
  maxClipSeconds: number;
  /** Spans that no clip may touch. */
  exclude?: readonly TimeSpan[];
}

interface Span {
  startSeconds: number;
  endSeconds: number;
  loud: number;
  peak: number;
  motion: number;
  cuts: number;
  points: number;
}

const round1 = (value: number) => Math.round(value * 10) / 10;
const round3 = (value: number) => Math.round(value * 1000) / 1000;
const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** A time as people say it: `1:05` or `1:02:03`. */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function peakLift(analysis: Analysis, startSeconds: number, endSeconds: number): number {
  const from = Math.floor(startSeconds / analysis.hopSeconds);
  const to = Math.max(from + 1, Math.ceil(endSeconds / analysis.hopSeconds));
  return analysis.peaks.slice(from, to).reduce((most, peak) => Math.max(most, peak), 0);
}

/** Measures evenly spaced spans of one length. */
function measureSpans(analysis: Analysis | null, durationSeconds: number, length: number): Span[] {
  const sound = buildSound(analysis);
  const last = Math.max(0, durationSeconds - length);
  const step = Math.max(0.5, Math.min(length / 8, Math.max(last / 4000, 0.5)));
  const spans: Span[] = [];
  const cutRate = (analysis?.cutsSeconds.length ?? 0) / Math.max(1, durationSeconds);
  for (let at = 0; at <= last + 1e-9; at += step) {
    const startSeconds = at;
    const endSeconds = Math.min(durationSeconds, at + length);
    const loud = sound.liftDb(startSeconds, endSeconds);
    const motion = sound.motion(startSeconds, endSeconds);
    const cuts = sound.cuts(startSeconds + 0.2, endSeconds - 0.2);
    const expectedCuts = cutRate * (endSeconds - startSeconds);
    const peak = analysis === null ? 0 : peakLift(analysis, startSeconds, endSeconds);
    const points =
      clamp(loud, -12, 12) * (sound.hasSound ? 1.6 : 0) +
      clamp(motion - 1, -1, 2) * 9 +
      clamp(cuts - expectedCuts, -3, 4) * 1.5 +
      clamp(peak - 0.5, -0.5, 0.5) * 6;
    spans.push({ startSeconds, endSeconds, loud, motion, cuts, peak, points });
  }
  return spans;
}

/** Moves an edge to a hard cut near by, or else to a quiet moment: where an editor would cut. */
function snap(analysis: Analysis | null, seconds: number, reachSeconds: number, quietDb: number): number {
  const cut = (analysis?.cutsSeconds ?? [])
    .filter((time) => Math.abs(time - seconds) <= reachSeconds)
    .sort((a, b) => Math.abs(a - seconds) - Math.abs(b - seconds))[0];
  if (cut !== undefined) {
    return cut;
  }
  if (analysis === null || analysis.loudnessDb.length === 0) {
    return seconds;
  }
  const hop = analysis.hopSeconds;
  let best = seconds;
  let lowest = quietDb;
  for (let i = Math.max(0, Math.floor((seconds - reachSeconds) / hop)); i * hop <= seconds + reachSeconds; i += 1) {
    const level = analysis.loudnessDb[i];
    if (level !== undefined && level < lowest) {
      lowest = level;
      best = (i + 0.5) * hop;
    }
  }
  return best;
}

function partsOf(span: Span, hasSound: boolean, hasMotion: boolean): { score: number; parts: ScorePart[] } {
  const parts: ScorePart[] = [];
  const length = Math.round(span.endSeconds - span.startSeconds);
  if (hasSound) {
    const louder = span.loud >= 0 ? 'louder' : 'quieter';
    parts.push({
      name: 'loudness',
      label: 'Loudness',
      points: round1(clamp(span.loud, -12, 12) * 1.6),
      reason: `It is ${Math.abs(span.loud).toFixed(1)} dB ${louder} than the video’s middle, with a highest peak of ${Math.round(span.peak * 100)} %.`,
    });
  }
  if (hasMotion) {
    parts.push({
      name: 'motion',
      label: 'Motion',
      points: round1(clamp(span.motion - 1, -1, 2) * 9),
      reason: `The picture moves ${span.motion.toFixed(1)} times as much as in the rest of the video.`,
    });
  }
  if (span.cuts > 0) {
    parts.push({
      name: 'cuts',
      label: 'Cuts',
      points: round1(clamp(span.cuts, 0, 4) * 1.5),
      reason: `${span.cuts} hard cuts change the picture.`,
    });
  }
  const sum = parts.reduce((total, part) => total + part.points, 0);
  const score = round1(clamp(40 + sum, 1, 99));
  parts.unshift({
    name: 'without_words',
    label: 'Sound and picture only',
    points: round1(score - sum),
    reason: `It is ${length} s long and was chosen without words: the ground such clips start from.`,
  });
  return { score, parts };
}

function titleOf(span: Span, isWhole: boolean, hasSound: boolean, hasMotion: boolean): string {
  if (isWhole) {
    return 'The whole video';
  }
  const at = clockText(span.startSeconds);
  if (hasSound && span.loud > 1.5 && span.loud >= (span.motion - 1) * 4) {
    return `Loud moment at ${at}`;
  }
  return hasMotion && span.motion > 1.15 ? `Lively moment at ${at}` : `Moment at ${at}`;
}

/**
 * Suggests clips from sound and picture where there are no usable words: louder, livelier and more often cut than the rest, with edges on
 * cuts or quiet moments and never inside one of the few words there may be. A video no longer than the shortest clip is one clip.
 */
export function clipsFromSoundAndPicture(
  durationSeconds: number,
  analysis: Analysis | null,
  words: readonly Word[],
  options: Options,
): SuggestedClip[] {
  const hasSound = buildSound(analysis).hasSound;
  const hasMotion = (analysis?.motion ?? []).some((value) => value > 0);
  const isWhole = durationSeconds <= Math.max(options.minClipSeconds, Math.min(options.maxClipSeconds, options.minClipSeconds * 1.5));
  const length = isWhole ? durationSeconds : Math.min(durationSeconds, options.maxClipSeconds, Math.max(options.minClipSeconds, 30));
  const spans = measureSpans(analysis, durationSeconds, length).sort((a, b) => b.points - a.points || a.startSeconds - b.startSeconds);
  const quietDb = quantile(analysis?.loudnessDb ?? [], 0.2);
  const starts = words.map((word) => word.startSeconds);
  const picked: Span[] = [];
  for (const span of spans) {
    if (picked.length >= options.clipCount) {
      break;
    }
    const reach = isWhole ? 0 : Math.max(0, Math.min(2, (length - options.minClipSeconds) / 2, (options.maxClipSeconds - length) / 2));
    const startSeconds = isWhole
      ? 0
      : clamp(round3(outOfWords(words, starts, snap(analysis, span.startSeconds, reach, quietDb))), 0, durationSeconds);
    const endSeconds = isWhole
      ? durationSeconds
      : clamp(round3(outOfWords(words, starts, snap(analysis, span.endSeconds, reach, quietDb))), 0, durationSeconds);
    const isFree = (options.exclude ?? []).every((other) => endSeconds <= other.startSeconds || startSeconds >= other.endSeconds);
    if (
      isFree &&
      endSeconds - startSeconds >= 1 &&
      picked.every((other) => endSeconds <= other.startSeconds || startSeconds >= other.endSeconds)
    ) {
      picked.push({ ...span, startSeconds, endSeconds });
    }
  }
  return picked.map((span) => {
    const { score, parts } = partsOf(span, hasSound, hasMotion);
    const said = words.filter((word) => word.startSeconds >= span.startSeconds - 0.01 && word.endSeconds <= span.endSeconds + 0.01);
    return {
      startSeconds: span.startSeconds,
      endSeconds: span.endSeconds,
      score,
      scoreParts: parts,
      title: titleOf(span, isWhole, hasSound, hasMotion),
      tags: [],
      boundaries: [],
      excerpt: said.map((word) => word.text).join(' '),
    };
  });
}
