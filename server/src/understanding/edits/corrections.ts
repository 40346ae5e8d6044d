/**
 * Words as people corrected them. A correction is tied to a span of time and not to a place in a list, so that it holds whichever engine
 * heard the words before: what lies in the span is replaced, and everything else stays.
 */
import type { Word } from '@carmic/contract';
import { z } from 'zod';

const spanSchema = z.object({ startSeconds: z.number(), endSeconds: z.number() });

export const correctionSchema = spanSchema.extend({
  /** What was heard, to undo to and to learn from. */
  before: z.string(),
  /** What is said; empty when nothing is. */
  after: z.string(),
});
export type Correction = z.infer<typeof correctionSchema>;

/** A word with what made it: the index of a correction, or null when it is as it was heard. */
export interface TracedWord {
  word: Word;
  correction: number | null;
}

const slackSeconds = 0.05;
const round = (seconds: number) => Math.round(seconds * 1000) / 1000;
const middleOf = (word: Word) => (word.startSeconds + word.endSeconds) / 2;

/** The words of a text laid into a span: on the times of the words they replace where there are as many, shared by length otherwise. */
function layWords(after: string, span: { startSeconds: number; endSeconds: number }, replaced: readonly Word[]): Word[] {
  const texts = after.split(/\s+/).filter((text) => text !== '');
  const speaker = replaced[0]?.speaker;
  const common = { confidence: 1, ...(speaker === undefined ? {} : { speaker }) };
  if (texts.length === replaced.length) {
    return texts.map((text, i) => ({
      text,
      startSeconds: replaced[i]?.startSeconds ?? 0,
      endSeconds: replaced[i]?.endSeconds ?? 0,
      ...common,
    }));
  }
  const from = replaced[0]?.startSeconds ?? span.startSeconds;
  const to = Math.max(from + 0.02 * texts.length, replaced.at(-1)?.endSeconds ?? span.endSeconds);
  const total = texts.reduce((sum, text) => sum + text.length + 1, 0);
  let used = 0;
  return texts.map((text) => {
    const startSeconds = round(from + ((to - from) * used) / total);
    used += text.length + 1;
    return { text: text.slice(0, 200), startSeconds, endSeconds: round(from + ((to - from) * used) / total), ...common };
  });
}

/** Applies corrections (in order of time, without overlaps) to words in order of time. */
export function applyCorrections(words: readonly Word[], corrections: readonly Correction[]): TracedWord[] {
  const result: TracedWord[] = [];
  let next = 0;
  for (const [index, correction] of corrections.entries()) {
    const { startSeconds, endSeconds } = correction;
    for (let word = words[next]; word !== undefined && middleOf(word) < startSeconds - slackSeconds; word = words[next]) {
      result.push({ word, correction: null });
      next += 1;
    }
    const replaced: Word[] = [];
    for (let word = words[next]; word !== undefined && middleOf(word) <= endSeconds + slackSeconds; word = words[next]) {
      replaced.push(word);
      next += 1;
    }
    result.push(...layWords(correction.after, correction, replaced).map((word) => ({ word, correction: index })));
  }
  for (; next < words.length; next += 1) {
    const word = words[next];
    if (word !== undefined) {
      result.push({ word, correction: null });
    }
  }
  return result;
}

/** A replacement of the words `from` up to, not including, `to` of the corrected transcript. */
export interface Replacement {
  from: number;
  to: number;
  text: string;
}

/** A replacement that names words which are not there, or overlaps another one. */
export class ReplacementError extends Error {
  override readonly name = 'ReplacementError';
}

const joined = (traced: readonly TracedWord[]) => traced.map(({ word }) => word.text).join(' ');

/**
 * Adds replacements to corrections. A replacement that touches earlier corrections takes them over whole; one that brings back what was
 * heard removes them. Throws ReplacementError.
 */
export function mergeReplacements(
  words: readonly Word[],
  corrections: readonly Correction[],
  replacements: readonly Replacement[],
): { corrections: Correction[]; added: Correction[] } {
  let current = [...corrections];
  const added: Correction[] = [];
  const ordered = [...replacements].sort((a, b) => b.from - a.from);
  for (const [i, { from, to }] of ordered.entries()) {
    if (from >= to || to > applyCorrections(words, corrections).length || to > (ordered[i - 1]?.from ?? Number.POSITIVE_INFINITY)) {
      throw new ReplacementError(`Words ${from} to ${to} cannot be replaced: they are not there, or are named twice.`);
    }
  }
  // From the last to the first, so that the indices of those still to come stay right.
  for (const { from, to, text } of ordered) {
    const traced = applyCorrections(words, current);
    let first = from;
    let last = to - 1;
    const isSame = (a: number, b: number) => traced[a]?.correction !== null && traced[a]?.correction === traced[b]?.correction;
    while (first > 0 && isSame(first, first - 1)) {
      first -= 1;
    }
    while (last < traced.length - 1 && isSame(last, last + 1)) {
      last += 1;
    }
    const covered = traced.slice(first, last + 1);
    const after = [joined(traced.slice(first, from)), text.trim(), joined(traced.slice(to, last + 1))]
      .filter((part) => part !== '')
      .join(' ');
    const taken = new Set(covered.flatMap(({ correction }) => (correction === null ? [] : [correction])));
    const spans = [
      ...covered.filter(({ correction }) => correction === null).map(({ word }) => word),
      ...[...taken].flatMap((index) => current[index] ?? []),
    ];
    const startSeconds = Math.min(...spans.map((span) => span.startSeconds));
    const endSeconds = Math.max(...spans.map((span) => span.endSeconds));
    const before = words
      .filter((word) => middleOf(word) >= startSeconds - slackSeconds && middleOf(word) <= endSeconds + slackSeconds)
      .map((word) => word.text)
      .join(' ');
    current = current.filter((_, index) => !taken.has(index));
    if (after !== before) {
      const correction = { startSeconds, endSeconds, before, after };
      current = [...current, correction].sort((a, b) => a.startSeconds - b.startSeconds);
      added.push(correction);
    }
  }
  return { corrections: current, added };
}
