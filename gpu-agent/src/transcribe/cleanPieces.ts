import type { Word } from '@carmic/contract';
import type { Piece } from './protocol.ts';

/** Phrases that whisper writes over noise and music because its training captions did. Dropped when they are all that a chunk holds. */
const hallucinations =
  /^(thank(s| you)( so much| very much)?( for (watching|listening|viewing))?( and .{0,40})?|please (like,? )?(and )?subscribe.*|(don't forget to )?subscribe.*|see you (in the )?next( time| video)|.*amara\.? ?org.*|(sub)?titles? (by|created|made).*|untertitel.*|sous-titr.*|sottotitoli.*|subt[ií]tulos.*|legendas.*|ondertitel.*|napisy.*|www\..*|.{0,20}\.(com|org)|music|applause|you|bye( bye)?|oh|hmm+|uh|um|the end|i'm sorry|silence|blank ?audio)$/i;

const plain = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}'. ]/gu, '')
    .replace(/\.+$/, '')
    .trim();

/** Joins tokens into words: a token that begins with a space begins a word; punctuation belongs to the word before it. */
export function joinPieces(pieces: readonly Piece[]): Piece[] {
  const words: Piece[] = [];
  for (const piece of pieces) {
    const text = piece.text.trim();
    const last = words.at(-1);
    if (text === '') {
      continue;
    }
    const isMark = !/[\p{L}\p{N}]/u.test(text);
    if (last !== undefined && (!piece.text.startsWith(' ') || (isMark && !/^[[(¿¡"“]/.test(text)))) {
      last.text += text;
      last.endSeconds = isMark ? last.endSeconds : piece.endSeconds;
    } else {
      words.push({ text, startSeconds: piece.startSeconds, endSeconds: piece.endSeconds });
    }
  }
  return words;
}

/** Drops `[MUSIC]`, `(upbeat music)` and `*sighs*`, over several words too. */
function withoutSoundEffects(words: readonly Piece[]): Piece[] {
  const kept: Piece[] = [];
  let closing: string | null = null;
  for (const word of words) {
    const opens = /^[[(*♪]/.exec(word.text)?.[0];
    if (closing === null && opens !== undefined) {
      closing = { '[': ']', '(': ')', '*': '*', '♪': '♪' }[opens] ?? null;
      if (closing !== null && word.text.slice(1).includes(closing)) {
        closing = null;
      }
      continue;
    }
    if (closing !== null) {
      closing = word.text.includes(closing) ? null : closing;
      continue;
    }
    kept.push(word);
  }
  return kept;
}

/** Cuts a loop: whisper sometimes repeats the same one to six words without end. Four rounds in a row leave one. */
export function withoutLoops(words: readonly Piece[]): Piece[] {
  const keys = words.map((word) => plain(word.text));
  const kept: Piece[] = [];
  for (let i = 0; i < words.length;) {
    let skip = 0;
    for (let length = 1; length <= 6 && skip === 0; length += 1) {
      let rounds = 1;
      while (keys.slice(i, i + length).every((key, k) => keys[i + rounds * length + k] === key)) {
        rounds += 1;
      }
      skip = rounds >= 4 ? (rounds - 1) * length : 0;
    }
    const word = words[i + skip];
    if (word !== undefined) {
      kept.push(word);
    }
    i += skip + 1;
  }
  return kept;
}

/** Moves a word's edges off silence: whisper lets a word last until the next one begins. */
function onSound(word: Piece, isLoud: (seconds: number) => boolean): Piece {
  const step = 0.02;
  let { startSeconds, endSeconds } = word;
  while (endSeconds - startSeconds > 0.12 && !isLoud(endSeconds - step / 2)) {
    endSeconds -= step;
  }
  while (endSeconds - startSeconds > 0.12 && !isLoud(startSeconds + step / 2)) {
    startSeconds += step;
  }
  return { text: word.text, startSeconds, endSeconds };
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/**
 * Makes the words of one chunk out of what whisper wrote: loops, sound effects and invented captions dropped, words of no length or in
 * silence kept off, times on the source's line, monotone and without overlaps.
 */
export function wordsOfChunk(
  pieces: readonly Piece[],
  chunkStartSeconds: number,
  afterSeconds: number,
  isLoud: (seconds: number) => boolean,
): Word[] {
  const joined = withoutLoops(withoutSoundEffects(joinPieces(pieces)));
  if (hallucinations.test(plain(joined.map((word) => word.text).join(' ')))) {
    return [];
  }
  // Text made up over noise gets no times of its own: its words lie on top of each other.
  const instant = joined.filter((word) => word.endSeconds - word.startSeconds < 0.03).length;
  if (joined.length >= 4 && instant >= joined.length / 2) {
    return [];
  }
  const words: Word[] = [];
  let free = afterSeconds;
  for (const piece of joined) {
    if (!/[\p{L}\p{N}]/u.test(piece.text)) {
      continue;
    }
    const { startSeconds, endSeconds } = onSound(piece, isLoud);
    const start = round(Math.max(free, chunkStartSeconds + startSeconds));
    const end = round(Math.max(start + 0.04, chunkStartSeconds + endSeconds));
    words.push({ text: piece.text.slice(0, 200), startSeconds: start, endSeconds: end });
    free = end;
  }
  return words;
}
