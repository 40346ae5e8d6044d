/** Whose turn it is to speak, from a transcript that tells speakers apart. */
import { mapWords } from '@carmic/captions';
import type { Word } from '@carmic/contract';
import { rateValue, type Timeline } from '../render/timeline.ts';

/** Words of one speaker that are no further apart are one turn. */
const pauseSeconds = 1;

/** The speaker of every frame of the clip; null between turns, and empty where the transcript knows of fewer than two. */
export function listTurns(words: readonly Word[], timeline: Timeline): (string | null)[] {
  const spoken = mapWords(words, timeline).filter((word) => word.speaker !== undefined);
  if (new Set(spoken.map((word) => word.speaker)).size < 2) {
    return [];
  }
  const perSecond = rateValue(timeline.rate);
  const turns = new Array<string | null>(timeline.frameCount).fill(null);
  for (const [index, { startSeconds, endSeconds, speaker = null }] of spoken.entries()) {
    const next = spoken[index + 1];
    const goesOn = next?.speaker === speaker && next.startSeconds - endSeconds <= pauseSeconds;
    turns.fill(speaker, Math.round(startSeconds * perSecond), Math.round((goesOn ? next.startSeconds : endSeconds) * perSecond));
  }
  return turns;
}

/** A turn says something when it is heard for at least so many hops. */
const leastHops = 6;
/** What the sum of all turns of a speaker counts against the signs of the moment. */
const turnWeight = 1;
const momentWeight = 0.4;

/**
 * Adds to the signs of each moment those of all other moments in which the same speaker had the turn: which mouth a voice belongs to is
 * decided by all that the speaker says in a shot, and when it changes by the transcript.
 */
export function poolByTurn(
  evidence: readonly (readonly number[])[],
  isVoiced: readonly boolean[],
  turns: readonly (string | null)[],
  hop: number,
): (readonly number[])[] {
  const speakerAt = (index: number) => turns[index * hop + (hop >> 1)] ?? null;
  const sums = new Map<string, { count: number; scores: number[] }>();
  for (const [index, scores] of evidence.entries()) {
    const speaker = speakerAt(index);
    if (speaker !== null && isVoiced[index]) {
      const sum = sums.get(speaker) ?? { count: 0, scores: scores.map(() => 0) };
      sums.set(speaker, { count: sum.count + 1, scores: sum.scores.map((value, track) => value + (scores[track] ?? 0)) });
    }
  }
  if ([...sums.values()].filter(({ count }) => count >= leastHops).length < 2) {
    return [...evidence];
  }
  return evidence.map((scores, index) => {
    const sum = sums.get(speakerAt(index) ?? '');
    if (sum === undefined || sum.count < leastHops) {
      return scores;
    }
    return scores.map((value, track) => momentWeight * value + (turnWeight * (sum.scores[track] ?? 0)) / sum.count);
  });
}
