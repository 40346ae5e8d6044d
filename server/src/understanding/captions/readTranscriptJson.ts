/** Transcripts as speech recognisers write them: Deepgram, OpenAI's whisper and its relatives (faster-whisper, WhisperX, the API), whisper.cpp. */
import type { Word } from '@carmic/contract';
import { z } from 'zod';
import { deepgramAnswerSchema, wordsOfAnswer } from '../transcribers/deepgramAnswer.ts';
import { CaptionsError } from './cue.ts';
import { parseClock } from './timeLine.ts';
import type { Warnings } from './warnings.ts';
import { wordsFromCues } from './wordsFromCues.ts';

export interface JsonTranscript {
  name: string;
  language: string | null;
  words: Word[];
}

const timeSchema = z.union([z.number(), z.string()]).nullish();
const wordSchema = z.object({
  word: z.string().optional(),
  text: z.string().optional(),
  start: timeSchema,
  end: timeSchema,
  probability: z.number().nullish(),
  score: z.number().nullish(),
  confidence: z.number().nullish(),
  speaker: z.union([z.string(), z.number()]).nullish(),
});
const segmentSchema = z.object({
  text: z.string().optional(),
  start: timeSchema,
  end: timeSchema,
  words: z.array(wordSchema).nullish(),
  speaker: z.union([z.string(), z.number()]).nullish(),
});
const whisperSchema = z.object({
  language: z.string().nullish(),
  segments: z.array(segmentSchema).optional(),
  words: z.array(wordSchema).optional(),
  word_segments: z.array(wordSchema).optional(),
});
const offsetsSchema = z.object({ from: z.number(), to: z.number() });
const cppSchema = z.object({
  result: z.object({ language: z.string().optional() }).optional(),
  transcription: z.array(
    z.object({
      text: z.string(),
      offsets: offsetsSchema,
      tokens: z.array(z.object({ text: z.string(), offsets: offsetsSchema.optional(), p: z.number().optional() })).optional(),
    }),
  ),
});

type Raw = z.infer<typeof wordSchema>;
interface Loose {
  text: string;
  start: number | null;
  end: number | null;
  confidence: number | null;
  speaker: string | null;
}

const secondsOf = (time: Raw['start']): number | null => {
  const value =
    typeof time === 'string' ? (parseClock(time) ?? (/^\d+(\.\d+)?s?$/.test(time) ? Number.parseFloat(time) : Number.NaN)) : time;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
};

const speakerOf = (speaker: Raw['speaker']): string | null => {
  if (speaker === null || speaker === undefined || speaker === '') {
    return null;
  }
  const counted = /^(?:speaker[_ ]?)?0*(\d{1,3})$/i.exec(String(speaker));
  return counted === null ? String(speaker).slice(0, 60) : `Speaker ${Number(counted[1]) + 1}`;
};

const looseOf = (raw: Raw, fallback: string | null = null): Loose => ({
  text: (raw.word ?? raw.text ?? '').trim(),
  start: secondsOf(raw.start),
  end: secondsOf(raw.end),
  confidence: raw.probability ?? raw.score ?? raw.confidence ?? null,
  speaker: speakerOf(raw.speaker) ?? fallback,
});

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** Gives every word times: missing ones lie between their neighbours; the result is in order and never overlaps. */
function settle(loose: readonly Loose[], warnings: Warnings): Word[] {
  const kept = loose.filter((word) => /[\p{L}\p{N}]/u.test(word.text));
  const known = kept.filter((word) => word.start !== null).length;
  if (kept.length > 0 && known === 0) {
    throw new CaptionsError('The words of this file have no times. Export it with word or segment times.', null);
  }
  if (known < kept.length) {
    warnings.add(null, `${kept.length - known} words had no time of their own; they were put between their neighbours.`);
  }
  const starts = kept.map((word) => word.start);
  for (let i = 0; i < kept.length; i += 1) {
    if (starts[i] !== null) {
      continue;
    }
    let next = i;
    while (next < kept.length && starts[next] === null) {
      next += 1;
    }
    const from = i === 0 ? 0 : (kept[i - 1]?.end ?? starts[i - 1] ?? 0);
    const to = starts[next] ?? from + (next - i) * 0.3;
    for (let k = i; k < next; k += 1) {
      starts[k] = from + ((to - from) * (k - i)) / (next - i);
    }
  }
  const ordered = kept.map((word, i) => ({ ...word, start: starts[i] ?? 0 }));
  if (ordered.some((word, i) => word.start < (ordered[i - 1]?.start ?? 0) - 0.05)) {
    warnings.add(null, 'Some words stood before earlier ones; they were put in order of time.');
    ordered.sort((a, b) => a.start - b.start);
  }
  const words: Word[] = [];
  let free = 0;
  for (const [i, word] of ordered.entries()) {
    const startSeconds = round(Math.max(free, word.start));
    const limit = Math.max(startSeconds + 0.02, ordered[i + 1]?.start ?? Number.POSITIVE_INFINITY);
    const wanted = word.end !== null && word.end > startSeconds ? word.end : startSeconds + 0.1 + word.text.length * 0.05;
    const endSeconds = round(Math.min(limit, wanted));
    words.push({
      text: word.text.slice(0, 200),
      startSeconds,
      endSeconds,
      ...(word.confidence === null ? {} : { confidence: Math.min(1, Math.max(0, word.confidence)) }),
      ...(word.speaker === null ? {} : { speaker: word.speaker }),
    });
    free = endSeconds;
  }
  return words;
}

function fromWhisper(file: z.infer<typeof whisperSchema>, warnings: Warnings): Word[] {
  const segments = file.segments ?? [];
  const spoken = segments.some((segment) => (segment.words ?? []).length > 0)
    ? segments.flatMap((segment) => (segment.words ?? []).map((word) => looseOf(word, speakerOf(segment.speaker))))
    : (file.words ?? file.word_segments ?? []).map((word) => looseOf(word));
  if (spoken.length > 0) {
    // The API writes words bare; their punctuation is in the text of the segments.
    const punctuated = segments.flatMap((segment) => (segment.text ?? '').trim().split(/\s+/)).filter((word) => /[\p{L}\p{N}]/u.test(word));
    const bare = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
    const isSame = punctuated.length === spoken.length && punctuated.every((word, i) => bare(word) === bare(spoken[i]?.text ?? ''));
    return settle(isSame ? spoken.map((word, i) => ({ ...word, text: punctuated[i] ?? word.text })) : spoken, warnings);
  }
  const cues = segments.flatMap((segment, i) => {
    const start = secondsOf(segment.start);
    const end = secondsOf(segment.end);
    if (start === null || end === null || end <= start) {
      warnings.add(null, `Segment ${i + 1} has no usable times and was left out.`);
      return [];
    }
    const speaker = speakerOf(segment.speaker);
    return [{ startSeconds: start, endSeconds: end, text: (segment.text ?? '').trim(), ...(speaker === null ? {} : { speaker }) }];
  });
  if (segments.length > 0 && cues.length * 2 < segments.length) {
    throw new CaptionsError('Most segments of this file have no usable times. Export it again with times.', null);
  }
  return wordsFromCues(cues.sort((a, b) => a.startSeconds - b.startSeconds));
}

function fromWhisperCpp(file: z.infer<typeof cppSchema>, warnings: Warnings): Word[] {
  const hasTokens = file.transcription.some((segment) => (segment.tokens ?? []).length > 0);
  if (!hasTokens) {
    return wordsFromCues(
      file.transcription.map((segment) => ({
        startSeconds: segment.offsets.from / 1000,
        endSeconds: segment.offsets.to / 1000,
        text: segment.text.trim(),
      })),
    );
  }
  const words: (Loose & { shares: number[] })[] = [];
  for (const token of file.transcription.flatMap((segment) => segment.tokens ?? [])) {
    if (/^\[_.*\]$/.test(token.text.trim()) || token.text.trim() === '') {
      continue;
    }
    const last = words.at(-1);
    const isMark = !/[\p{L}\p{N}]/u.test(token.text);
    const end = token.offsets === undefined ? null : token.offsets.to / 1000;
    if (last !== undefined && (!token.text.startsWith(' ') || isMark)) {
      last.text += token.text.trim();
      last.end = isMark ? last.end : (end ?? last.end);
      last.shares.push(...(token.p === undefined || isMark ? [] : [token.p]));
    } else {
      const start = token.offsets === undefined ? null : token.offsets.from / 1000;
      words.push({ text: token.text.trim(), start, end, confidence: null, speaker: null, shares: token.p === undefined ? [] : [token.p] });
    }
  }
  const mean = (shares: readonly number[]) => (shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length);
  return settle(
    words.map(({ shares, ...word }) => ({ ...word, confidence: mean(shares) })),
    warnings,
  );
}

/** OpenAI's whisper names languages in English; the tag is what everything else here uses. */
function tagOf(language: string | null | undefined): string | null {
  if (language === null || language === undefined || language === '') {
    return null;
  }
  if (/^[a-z]{2,3}(-[\w-]+)?$/i.test(language)) {
    return language;
  }
  const names = new Intl.DisplayNames('en', { type: 'language' });
  const tags = 'en de fr es it pt nl pl ru uk cs sk hu ro bg hr sr sl el tr ar he fa hi zh ja ko vi th id sv no da fi ca'.split(' ');
  return tags.find((tag) => names.of(tag)?.toLowerCase() === language.toLowerCase()) ?? null;
}

function lineOf(text: string, error: unknown): number | null {
  const message = error instanceof Error ? error.message : '';
  const line = /line (\d+)/.exec(message)?.[1];
  const position = /position (\d+)/.exec(message)?.[1];
  return line !== undefined ? Number(line) : position === undefined ? null : text.slice(0, Number(position)).split('\n').length;
}

/** Whether a text means to be JSON. */
export const isJson = (text: string): boolean => /^\s*(\{\s*["}]|\[\s*[{\]])/.test(text);

/** Reads the words of a JSON transcript. Throws CaptionsError with the line where the JSON breaks off, or when its form is unknown. */
export function readTranscriptJson(text: string, warnings: Warnings): JsonTranscript {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const line = lineOf(text, error) ?? text.split('\n').length;
    throw new CaptionsError(`The JSON breaks off or is damaged in line ${line}. Export the transcript again.`, line);
  }
  const deepgram = deepgramAnswerSchema.safeParse(value);
  if (deepgram.success) {
    return {
      name: 'Deepgram JSON',
      language: deepgram.data.results.channels[0]?.detected_language ?? null,
      words: wordsOfAnswer(deepgram.data),
    };
  }
  const cpp = cppSchema.safeParse(value);
  if (cpp.success) {
    return { name: 'whisper.cpp JSON', language: tagOf(cpp.data.result?.language), words: fromWhisperCpp(cpp.data, warnings) };
  }
  const whisper = whisperSchema.safeParse(Array.isArray(value) ? { segments: value } : value);
  if (whisper.success && (whisper.data.segments ?? whisper.data.words ?? whisper.data.word_segments) !== undefined) {
    return { name: 'whisper JSON', language: tagOf(whisper.data.language), words: fromWhisper(whisper.data, warnings) };
  }
  throw new CaptionsError('This JSON is no transcript of whisper, whisper.cpp or Deepgram: it has no segments or words with times.', null);
}
