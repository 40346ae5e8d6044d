/** The caption part of a clip's certificate: facts read from what was written, not from what was planned. */
import type { CertificateEntry, Word } from '@carmic/contract';
import { type Caption, joinWords } from './layCaptions.ts';
import { captionBox, coveredShare, type SeenFace } from './placeCaptions.ts';
import type { CaptionPlan } from './planCaptions.ts';
import { readingLimit } from './readingSpeed.ts';
import type { Timeline } from './timeline.ts';
import { rateValue } from './timeline.ts';
import { isSwearing, maskWord } from './swearing.ts';

const largestSyncSeconds = 0.08;

export interface CaptionFactsInput {
  plan: CaptionPlan;
  /** The transcript's words on the source's time line. */
  sourceWords: readonly Word[];
  timeline: Timeline;
  faces: readonly SeenFace[];
  isBurnedIn: boolean;
}

/** Measures captions. Empty when there are none. */
export function captionFacts(input: CaptionFactsInput): CertificateEntry[] {
  const { captions } = input.plan;
  if (captions.length === 0) {
    return [];
  }
  return [...timeFacts(input), ...layoutFacts(input), ...textFacts(input)];
}

function timeFacts({ plan: { captions, ass, words, language }, sourceWords, timeline, isBurnedIn }: CaptionFactsInput): CertificateEntry[] {
  const overlaps = captions.filter(
    (caption, index) => caption.endSeconds > (captions[index + 1]?.startSeconds ?? Number.POSITIVE_INFINITY) + 1e-6,
  );
  const limit = readingLimit(language);
  const speedOf = (caption: Caption) =>
    [...joinWords(caption.lines.flat())].length / Math.max(0.05, caption.endSeconds - caption.startSeconds);
  const speed = percentile(
    captions.map(speedOf).sort((a, b) => a - b),
    0.95,
  );
  const hurried = captions.filter((caption, index) => {
    const next = captions[index + 1]?.startSeconds ?? timeline.durationSeconds;
    return speedOf(caption) > limit + 0.5 && next - caption.endSeconds > 0.05;
  });
  const facts = [
    entry('caption_count', 'Captions', captions.length, '', null, true),
    entry('caption_overlaps', 'Captions that overlap the next', overlaps.length, '', 'exactly 0', overlaps.length === 0),
    entry(
      'caption_speed',
      'Characters a second, for 19 of 20 captions',
      round(speed, 1),
      'a second',
      `at most ${limit}, or as fast as the words are spoken`,
      speed <= limit || hurried.length === 0,
    ),
  ];
  if (!isBurnedIn) {
    return facts;
  }
  const errors = syncErrors(ass, words, sourceWords, timeline);
  const sync = percentile(errors, 0.95);
  return [
    ...facts,
    entry(
      'caption_sync',
      'Captions against the sound, for 19 of 20 words',
      round(sync * 1000, 0),
      'ms',
      'at most 80',
      sync <= largestSyncSeconds,
    ),
  ];
}

/**
 * How far the frame on which each word's event begins is from where the edit list puts the sound of that word. The events are read back from
 * the written file; the words' places are worked out anew from the transcript.
 */
function syncErrors(ass: string, words: readonly { startSeconds: number }[], sourceWords: readonly Word[], timeline: Timeline): number[] {
  const perSecond = rateValue(timeline.rate);
  const starts = [...ass.matchAll(/^Dialogue: \d+,(\d+):(\d+):(\d+)\.(\d+),/gm)].map(
    (match) => Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) + Number(match[4]) / 100,
  );
  const heard = playedWords(sourceWords, timeline).map((word) => word.atSeconds);
  const shown = starts.map((start) => Math.ceil(start * perSecond - 1e-6) / perSecond);
  const errors = shown.map((start) => nearest(heard, start)).concat(words.length === 0 ? [1] : []);
  return errors.sort((a, b) => a - b);
}

/** The words that the edit list plays, in playing order, with the times it gives them. */
function playedWords(words: readonly Word[], { segments, rate }: Timeline): { text: string; atSeconds: number }[] {
  return segments.flatMap(({ sourceSeconds, frames, outSeconds }) =>
    words
      .filter((word) => {
        const middle = (word.startSeconds + word.endSeconds) / 2;
        return middle >= sourceSeconds && middle < sourceSeconds + frames / rateValue(rate);
      })
      .sort((a, b) => a.startSeconds - b.startSeconds)
      .map((word) => ({ text: word.text, atSeconds: outSeconds + Math.max(0, word.startSeconds - sourceSeconds) })),
  );
}

function nearest(values: readonly number[], wanted: number): number {
  return values.reduce((least, value) => Math.min(least, Math.abs(value - wanted)), 1);
}

function layoutFacts({ plan: { captions, look }, faces, isBurnedIn }: CaptionFactsInput): CertificateEntry[] {
  const lines = Math.max(...captions.map((caption) => caption.lines.length));
  const characters = Math.max(...captions.flatMap((caption) => caption.lines.map((line) => [...joinWords(line)].length)));
  const smallest = Math.min(...captions.map((caption) => caption.scale));
  const boxes = captions.map((caption) => ({ caption, box: captionBox(caption, caption.place, look) }));
  const inside = boxes.filter(
    ({ box }) => box.top >= look.safe.top - look.outline - 1 && box.bottom <= look.height - look.safe.bottom + look.outline + 1,
  ).length;
  const onFaces = boxes.filter(({ caption, box }) => coveredShare(box, caption, faces, look) > 0.15).length;
  return [
    entry('caption_lines', 'Most lines of a caption', lines, 'lines', 'at most 2', lines <= 2),
    entry('caption_line_characters', 'Longest caption line', characters, 'characters', null, true),
    entry('caption_scale', 'Smallest caption, against the full size', round(smallest, 2), '', 'at least 0.5', smallest >= 0.5),
    ...(isBurnedIn
      ? [
          entry(
            'caption_safe_area',
            'Captions clear of what the apps cover',
            round(inside / captions.length, 3),
            'share',
            'exactly 1',
            inside === captions.length,
          ),
          entry('caption_on_face', 'Captions over a face', onFaces, '', 'exactly 0', onFaces === 0),
        ]
      : []),
  ];
}

function textFacts({ plan: { words, captions, missing }, sourceWords, timeline }: CaptionFactsInput): CertificateEntry[] {
  const bare = (texts: readonly string[]) => texts.join('').replace(/\s/g, '');
  const spoken = playedWords(sourceWords, timeline).map((word) => word.text);
  const wanted = [bare(spoken), bare(spoken.map((word) => (isSwearing(word) ? maskWord(word) : word)))];
  const shown = bare(captions.flatMap((caption) => caption.lines.flat().map((word) => word.text)));
  const isWhole = wanted.includes(shown);
  const share = isWhole ? 1 : Math.min(0.999, shown.length / Math.max(1, wanted[0]?.length ?? 1));
  const letters = new Set([...bare(words.map((word) => word.text))]).size;
  const covered = letters === 0 ? 1 : 1 - missing.length / letters;
  const label =
    missing.length === 0
      ? 'Characters that the fonts can draw'
      : `Characters that the fonts can draw (left out: ${missing.slice(0, 8).join(' ')})`;
  return [
    entry('caption_words', 'Spoken words that the captions show', round(share, 3), 'share', 'exactly 1', isWhole),
    entry('caption_glyphs', label, round(covered, 3), 'share', 'exactly 1', missing.length === 0),
  ];
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function entry(name: string, label: string, value: number, unit: string, bound: string | null, passed: boolean): CertificateEntry {
  return { name, label, value, unit, bound, passed };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
