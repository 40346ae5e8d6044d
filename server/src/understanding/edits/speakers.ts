/** Names that people gave to voices. A voice is known by when it spoke, so that its name finds it again under another engine's label. */
import type { Word } from '@carmic/contract';
import { z } from 'zod';

export const namedVoiceSchema = z.object({
  label: z.string(),
  name: z.string(),
  /** When it spoke, longest turns first. */
  turns: z.array(z.tuple([z.number(), z.number()])),
});
export type NamedVoice = z.infer<typeof namedVoiceSchema>;

const keptTurns = 300;
/** Share of a voice's time that must lie in the turns of a named one. */
const leastOverlap = 0.3;

/** The labels of a transcript in the order in which they first speak. */
export function labelsOf(words: readonly Word[]): string[] {
  return [...new Set(words.flatMap((word) => (word.speaker === undefined ? [] : [word.speaker])))];
}

function turnsOf(words: readonly Word[], label: string): [number, number][] {
  const turns: [number, number][] = [];
  let isOpen = false;
  for (const word of words) {
    const last = turns.at(-1);
    if (word.speaker !== label) {
      isOpen = false;
    } else if (isOpen && last !== undefined) {
      last[1] = word.endSeconds;
    } else {
      turns.push([word.startSeconds, word.endSeconds]);
      isOpen = true;
    }
  }
  return turns;
}

/** Adds names to voices; a label that gets its own name is forgotten. */
export function nameVoices(
  words: readonly Word[],
  voices: readonly NamedVoice[],
  names: readonly { label: string; name: string }[],
): NamedVoice[] {
  const result = new Map(voices.map((voice) => [voice.label, voice]));
  for (const { label, name } of names) {
    if (label === name) {
      result.delete(label);
      continue;
    }
    const turns = turnsOf(words, label)
      .sort((a, b) => b[1] - b[0] - (a[1] - a[0]))
      .slice(0, keptTurns);
    result.set(label, { label, name, turns });
  }
  return [...result.values()];
}

const overlapOf = (a: readonly [number, number][], b: readonly [number, number][]) => {
  let sum = 0;
  for (const [from, to] of a) {
    for (const [start, end] of b) {
      sum += Math.max(0, Math.min(to, end) - Math.max(from, start));
    }
  }
  return sum;
};

/** The name of each label: by label where the words are those that were named, by time where they were heard anew. */
export function namesFor(words: readonly Word[], voices: readonly NamedVoice[], isSameHearing: boolean): Map<string, string> {
  if (isSameHearing) {
    return new Map(voices.map(({ label, name }) => [label, name]));
  }
  const names = new Map<string, string>();
  for (const label of voices.length === 0 ? [] : labelsOf(words)) {
    const own = turnsOf(words, label);
    const total = own.reduce((sum, [from, to]) => sum + to - from, 0);
    const best = voices
      .map((voice) => ({ voice, share: overlapOf(voice.turns, own) / Math.max(0.001, total) }))
      .sort((a, b) => b.share - a.share)[0];
    if (best !== undefined && best.share >= leastOverlap) {
      names.set(label, best.voice.name);
    }
  }
  return names;
}
