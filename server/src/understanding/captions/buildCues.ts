import { plainText, timedWordsOf, voiceOf } from './cleanText.ts';
import type { Cue, RawCue } from './cue.ts';
import { namedPrefixOf, splitPrefix } from './speakers.ts';

type FullCue = RawCue & { endSeconds: number };
interface Part {
  text: string;
  speaker: string | null;
  isNewTurn: boolean;
}

/** Mixed-case names that begin lines often enough to be names and not the start of a sentence with a colon. */
function repeatedNames(cues: readonly FullCue[]): Set<string> {
  const counts = new Map<string, number>();
  for (const line of cues.flatMap((cue) => cue.lines)) {
    const name = namedPrefixOf(plainText(line));
    if (name !== null) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return new Set([...counts].filter(([, count]) => count >= 2).map(([name]) => name));
}

/** One part per speaker: `- Yes.` and `- No.` in one cue are two people. */
function partsOf(cue: FullCue, names: ReadonlySet<string>): Part[] {
  const parts: Part[] = [];
  for (const line of cue.lines) {
    const voiceName = voiceOf(line);
    const prefix = splitPrefix(plainText(line), names);
    const speaker = voiceName ?? prefix.speaker;
    const isNewTurn = voiceName !== null || prefix.isNewTurn;
    const last = parts.at(-1);
    if (last !== undefined && !isNewTurn) {
      last.text = `${last.text} ${prefix.rest}`.trim();
    } else if (prefix.rest !== '') {
      parts.push({ text: prefix.rest, speaker, isNewTurn });
    }
  }
  return parts;
}

function buildCue(part: Part, startSeconds: number, endSeconds: number, speaker: string | null): Cue {
  return { startSeconds, endSeconds, text: part.text, ...(speaker === null ? {} : { speaker }) };
}

/**
 * Turns repaired blocks into cues: tags and prefixes off, one cue per speaker, real word times where the file has them. Where a file
 * names two or more speakers in front of lines, a name holds until the next one: that is how such transcripts are written.
 */
export function buildCues(raw: readonly FullCue[]): Cue[] {
  const names = repeatedNames(raw);
  const all = raw.map((cue) => ({ cue, parts: partsOf(cue, names) }));
  const speakers = new Set(all.flatMap(({ parts }) => parts.flatMap((part) => (part.speaker === null ? [] : [part.speaker]))));
  const holds = speakers.size >= 2 && !raw.some((cue) => cue.lines.some((line) => voiceOf(line) !== null));
  const cues: Cue[] = [];
  let current: string | null = null;
  for (const { cue, parts } of all) {
    const letters = parts.reduce((sum, part) => sum + part.text.length, 0);
    let at = cue.startSeconds;
    for (const part of parts) {
      current = part.isNewTurn || !holds ? part.speaker : current;
      const end = at + ((cue.endSeconds - cue.startSeconds) * part.text.length) / Math.max(1, letters);
      const built = buildCue(part, at, parts.length === 1 ? cue.endSeconds : end, current);
      const timed = parts.length === 1 ? timedWordsOf(cue.lines.join(' '), cue.startSeconds) : null;
      cues.push(timed === null ? built : { ...built, timedWords: timed });
      at = end;
    }
  }
  return cues;
}
