import { functionWordsOf, tokenOf } from '../highlights/tokens.ts';
import type { Correction } from './corrections.ts';

const bare = (word: string) => word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}+#]+$/gu, '').replace(/[’']s$/u, '');
const longestTerm = 4;

/** Whether a word is written as names and terms are: a capital or digit in it that a sentence's first word would not have by itself. */
function isNameLike(word: string, isFirst: boolean): boolean {
  return /\p{L}.*\p{Lu}|\p{Lu}.*\p{N}|\p{N}.*\p{Lu}/u.test(word) || (!isFirst && /^\p{Lu}\p{L}+/u.test(word));
}

/** Names and terms that a correction teaches: runs of changed words that are written like names, with what they were heard as. */
export function termsOfCorrection(
  correction: Correction,
  language: string | null,
  startsSentence: boolean,
): { term: string; soundsLike: string }[] {
  const before = correction.before.split(/\s+/).filter((word) => word !== '');
  const after = correction.after.split(/\s+/).filter((word) => word !== '');
  let head = 0;
  while (head < Math.min(before.length, after.length) && before[head] === after[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) {
    tail += 1;
  }
  const heard = before
    .slice(head, before.length - tail)
    .map(bare)
    .filter((word) => word !== '');
  const changed = after.slice(head, after.length - tail);
  const functions = functionWordsOf(language);
  const terms: { term: string; soundsLike: string }[] = [];
  let run: string[] = [];
  const close = () => {
    const term = run.join(' ');
    if (run.length > 0 && run.length <= longestTerm && term.length >= 2 && term.length <= 100) {
      terms.push({ term, soundsLike: heard.length <= longestTerm + 2 ? heard.join(' ').slice(0, 100) : '' });
    }
    run = [];
  };
  for (const [i, written] of changed.entries()) {
    const word = bare(written);
    const isFirst = head + i === 0 ? startsSentence : /[.?!]$/.test(after[head + i - 1] ?? '');
    if (word !== '' && isNameLike(word, isFirst) && !functions.has(tokenOf(word))) {
      run.push(word);
    } else {
      close();
    }
    if (/[.,;:?!]$/.test(written)) {
      close();
    }
  }
  close();
  // A change of capitals or punctuation alone was heard right.
  return terms.filter(({ term, soundsLike }) => soundsLike === '' || soundsLike.toLowerCase() !== term.toLowerCase());
}
