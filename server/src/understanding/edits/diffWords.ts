import type { TranscriptChange } from '@carmic/contract';

type ShownWord = TranscriptChange['changes'][number]['words'][number];

const isSame = (a: ShownWord, b: ShownWord) =>
  // Most are the very word that was heard.
  a === b ||
  (a.text === b.text &&
    a.startSeconds === b.startSeconds &&
    a.endSeconds === b.endSeconds &&
    a.speaker === b.speaker &&
    a.confidence === b.confidence &&
    a.isCorrected === b.isCorrected);

/**
 * What has to be replaced in the words `before` to make the words `after` of them. Both are in order of time, which finds the place where they are
 * alike again: a change of few words has a short answer, however long the transcript is.
 */
export function diffWords(before: readonly ShownWord[], after: readonly ShownWord[]): TranscriptChange['changes'] {
  const changes: TranscriptChange['changes'] = [];
  let [at, next] = [0, 0];
  while (at < before.length || next < after.length) {
    const change = { from: at, to: at, words: [] as ShownWord[] };
    for (;;) {
      const [old, fresh] = [before[at], after[next]];
      if (old === undefined && fresh === undefined) {
        break;
      }
      if (old !== undefined && fresh !== undefined && isSame(old, fresh)) {
        break;
      }
      // Whichever begins first cannot be met by the other side any more.
      if (old !== undefined && (fresh === undefined || old.startSeconds <= fresh.startSeconds)) {
        at += 1;
      }
      if (fresh !== undefined && (old === undefined || fresh.startSeconds <= old.startSeconds)) {
        change.words.push(fresh);
        next += 1;
      }
    }
    if (at > change.from || change.words.length > 0) {
      changes.push({ ...change, to: at });
    }
    while (at < before.length && next < after.length) {
      const [old, fresh] = [before[at], after[next]];
      if (old === undefined || fresh === undefined || !isSame(old, fresh)) {
        break;
      }
      at += 1;
      next += 1;
    }
  }
  return changes;
}
