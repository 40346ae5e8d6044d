/** Groups words into captions of at most two short lines. */
import type { ClipWord } from './mapWords.ts';

export interface Caption {
  startSeconds: number;
  endSeconds: number;
  lines: readonly (readonly ClipWord[])[];
  /** Smaller than 1 where a single word is wider than a line. */
  scale: number;
}

export interface CaptionRules {
  /** Width of a line of words, as drawn. */
  lineWidth: (text: string) => number;
  maxLineWidth: number;
  maxWords: number;
  maxSeconds: number;
}

/** A pause this long ends a caption. */
const pauseSeconds = 0.7;
/** A caption stays this long after its last word, when nothing follows. */
const holdSeconds = 0.35;
/** A shorter gap to the next caption would flicker. */
const bridgeSeconds = 0.5;
const maxLines = 2;

/** Lays words out. Captions never overlap in time, and their words keep their order. */
export function layCaptions(words: readonly ClipWord[], durationSeconds: number, rules: CaptionRules): Caption[] {
  const groups: ClipWord[][] = [];
  let current: ClipWord[] = [];
  for (const word of words) {
    if (current.length > 0 && startsNew(current, word, rules)) {
      groups.push(current);
      current = [];
    }
    current.push(word);
  }
  if (current.length > 0) {
    groups.push(current);
  }
  return groups.map((group, index) => {
    const first = group[0];
    const last = group.at(-1);
    const next = groups[index + 1]?.[0]?.startSeconds ?? durationSeconds;
    const spokenEnd = last?.endSeconds ?? 0;
    const endSeconds = next - spokenEnd <= bridgeSeconds ? next : Math.min(next, spokenEnd + holdSeconds);
    const lines = breakLines(group, rules);
    const widest = Math.max(...lines.map((line) => rules.lineWidth(joinWords(line))));
    return { startSeconds: first?.startSeconds ?? 0, endSeconds, lines, scale: Math.min(1, rules.maxLineWidth / widest) };
  });
}

/** The words of a line as they are written; scripts without spaces stay without. */
export function joinWords(words: readonly { text: string }[]): string {
  return words.reduce((text, word) => text + separator(text, word.text) + word.text, '');
}

/** What stands between two neighbouring words. */
export function separator(before: string, after: string): string {
  return before === '' || (spaceless.test(before.slice(-1)) && spaceless.test(after.slice(0, 1))) ? '' : ' ';
}

const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\u3000-\u303f\uff00-\uff65]/u;

function startsNew(current: readonly ClipWord[], word: ClipWord, rules: CaptionRules): boolean {
  const last = current.at(-1);
  const first = current[0];
  if (!last || !first) {
    return false;
  }
  const endsSentence = /[.!?…。！？]["')\]»”]*$/u.test(last.text);
  const endsClause = /[,;:、，]["')\]»”]*$/u.test(last.text) && current.length >= Math.ceil(rules.maxWords / 2);
  return (
    endsSentence ||
    endsClause ||
    word.startSeconds - last.endSeconds > pauseSeconds ||
    current.length >= rules.maxWords ||
    word.endSeconds - first.startSeconds > rules.maxSeconds ||
    !fits([...current, word], rules)
  );
}

function fits(words: readonly ClipWord[], rules: CaptionRules): boolean {
  const lines = breakLines(words, rules);
  return lines.length <= maxLines && lines.every((line) => rules.lineWidth(joinWords(line)) <= rules.maxLineWidth);
}

/** One line when it fits, otherwise the break that makes the two lines most alike. */
function breakLines(words: readonly ClipWord[], rules: CaptionRules): ClipWord[][] {
  const width = (part: readonly ClipWord[]) => rules.lineWidth(joinWords(part));
  if (words.length < 2 || width(words) <= rules.maxLineWidth) {
    return [[...words]];
  }
  let best: ClipWord[][] = [[...words]];
  let bestWidth = Number.POSITIVE_INFINITY;
  for (let at = 1; at < words.length; at++) {
    const lines = [words.slice(0, at), words.slice(at)];
    const widest = Math.max(...lines.map(width));
    if (widest < bestWidth) {
      best = lines;
      bestWidth = widest;
    }
  }
  return best;
}
