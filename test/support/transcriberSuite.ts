/** What every transcriber keeps, whatever it hears with. */
import type { Transcriber, TranscriberInput, TranscriptDocument } from '@carmic/contract';
import { transcriptDocumentSchema } from '@carmic/contract';
import { describe, expect, test } from 'vitest';

/** A driver under test: what it is given for speech that says `spokenWords`, and for a sound in which nobody speaks (null where it has no ears). */
export interface TranscriberHarness<Sound> {
  transcriber: Transcriber<Sound>;
  speech: { sound: Sound; durationSeconds: number };
  silence: { sound: Sound; durationSeconds: number; transcriber?: Transcriber<Sound> } | null;
  /** What this driver knows of a word. */
  gives: { confidence: boolean; speakers: boolean };
}

/** Said in every driver's speech. */
export const spokenText = 'The river rose in the night and we carried four hundred books up the stairs. Nobody had told us why.';
export const spokenWords = ['river', 'night', 'carried', 'books', 'stairs', 'nobody', 'told'];

/** Runs the suite on a driver. `start` is called once. Without ears (its words are supplied) it is not asked about silence. */
export function describeTranscriber<Sound>(name: string, start: () => Promise<TranscriberHarness<Sound>>, hasEars = true): void {
  describe(name, () => {
    let harness: Promise<TranscriberHarness<Sound>> | null = null;
    let heard: Promise<TranscriptDocument> | null = null;
    const get = () => (harness ??= start());
    const ask = async (change: Partial<TranscriberInput<Sound>> = {}) => {
      const { transcriber, speech } = await get();
      return transcriber.transcribe({ ...speech, language: 'en', keyTerms: [], signal: new AbortController().signal, ...change });
    };
    const hear = () => (heard ??= ask());

    test('hears what is said, word by word, with punctuation, and its answer is a transcript', async () => {
      const document = await hear();
      expect(transcriptDocumentSchema.parse(document)).toEqual(document);
      const text = document.words.map((word) => word.text).join(' ');
      for (const word of spokenWords) {
        expect(text.toLowerCase()).toContain(word);
      }
      expect(text).toMatch(/stairs[.,;]/i);
      expect(text).toMatch(/[.?!]$/);
      expect(document.words.every((word) => word.text.trim() === word.text && !/\s/.test(word.text))).toBe(true);
    });

    test('gives words times in order, without overlaps, inside the sound', async () => {
      const { speech } = await get();
      const { words } = await hear();
      for (const [i, word] of words.entries()) {
        expect(word.startSeconds).toBeGreaterThanOrEqual(words[i - 1]?.endSeconds ?? 0);
        expect(word.endSeconds).toBeGreaterThan(word.startSeconds);
        expect(word.endSeconds).toBeLessThanOrEqual(speech.durationSeconds);
      }
    });

    test('says how sure it is and who speaks, where it knows', async () => {
      const { gives } = await get();
      const { words } = await hear();
      expect(words.every((word) => (word.confidence !== undefined) === gives.confidence)).toBe(true);
      expect(words.every((word) => (word.speaker !== undefined) === gives.speakers)).toBe(true);
      expect(words.every((word) => word.confidence === undefined || (word.confidence >= 0 && word.confidence <= 1))).toBe(true);
    });

    test('answers the language it was told, and names its engine', async () => {
      const { transcriber } = await get();
      const document = await hear();
      expect(document.language).toBe('en');
      expect(document.engine.length).toBeGreaterThan(0);
      expect(transcriber.engine.length).toBeGreaterThan(0);
    });

    if (hasEars) {
      test('writes nothing where nobody speaks', async () => {
        const { silence, transcriber } = await get();
        if (silence === null) {
          throw new Error('A driver with ears needs a sound in which nobody speaks.');
        }
        const { sound, durationSeconds } = silence;
        const input = { sound, durationSeconds, language: 'en', keyTerms: ['Hamilton'], signal: new AbortController().signal };
        expect((await (silence.transcriber ?? transcriber).transcribe(input)).words).toEqual([]);
      });
    }

    test('rejects with the reason when it is called off', async () => {
      const reason = new Error('not wanted any more');
      await expect(ask({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
}
