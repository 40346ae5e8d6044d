/** The job that translates the captions of a video: whole sentences out, checked, laid back on the words' times. */
import type { TranslationLine, Word } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { listTerms } from '../glossary/glossary.ts';
import { type Sentence, splitSentences } from '../highlights/sentences.ts';
import { openTranslator } from '../switchboard/clients.ts';
import { enginesFor } from '../switchboard/engines.ts';
import { countUse } from '../switchboard/usage.ts';
import { readEdits } from '../edits/transcriptEdits.ts';
import { findTranscript, readTranscript } from '../transcripts.ts';
import { checkSentence, type Finding } from './checkSentence.ts';
import { layBack } from './layBack.ts';
import { type Cue, fastestRate, joinShort, layCues } from './layCues.ts';
import { sealLines, type TranslationRow } from './translations.ts';
import { type GlossaryPair, TranslationError, type Translator } from './translator.ts';

const timeoutMs = 30 * 60 * 1000;
/** Nobody but a person can mend these: the next engine in the order is asked. */
const lasting: readonly string[] = ['refused', 'out_of_credit', 'unknown_language'];

interface Material {
  row: TranslationRow;
  words: Word[];
  language: string;
  version: number;
  glossary: GlossaryPair[];
  engines: string[];
}

/** The sentences of a transcript as captions carry them. */
export const sentencesOf = (words: readonly Word[]): Sentence[] =>
  joinShort(
    splitSentences(
      words,
      words.map((word) => word.speaker ?? null),
    ),
  );

async function load(deps: Deps, tx: Tx, workspaceId: string, translationId: string): Promise<Material | null> {
  const [row] = await deps.db.rows<TranslationRow>(
    tx,
    "UPDATE translations SET state = 'translating', updated_at = :now WHERE id = :translationId AND state IN ('queued', 'translating') RETURNING *",
    { translationId, now: deps.clock.now() },
  );
  const transcript = row === undefined ? null : await findTranscript(deps, tx, row.video_id);
  if (row === undefined || transcript === null) {
    return null;
  }
  const { words, language } = await readTranscript(deps, tx, transcript);
  const { version } = await readEdits(deps, tx, row.video_id);
  const terms = await listTerms(deps, tx);
  const primary = row.language.toLowerCase().split('-')[0] ?? '';
  const glossary = terms.map(({ term, translations }) => ({
    term,
    translation: translations[row.language] ?? translations[primary] ?? term,
  }));
  return { row, words, language, version, glossary, engines: await enginesFor(deps, tx, workspaceId, 'translation') };
}

/** A caption stays at most this long behind its last word. */
const longestHoldSeconds = 1;

/** The time in which a sentence is read: until the next one, or a little longer than it is spoken. */
function secondsFor({ startSeconds, endSeconds }: Sentence, next: Sentence | undefined): number {
  return Math.min(endSeconds + longestHoldSeconds, next?.startSeconds ?? Number.POSITIVE_INFINITY) - startSeconds;
}

/** Asks the engines in their order; one that refuses for good hands on to the next. */
async function askInOrder(
  deps: Deps,
  workspaceId: string,
  material: Material,
  sentences: readonly Sentence[],
): Promise<{ engine: string; translated: (string | null)[] }> {
  const texts = sentences.map((sentence) => sentence.text);
  const mostCharacters = sentences.map((sentence, i) => fastestRate * secondsFor(sentence, sentences[i + 1]));
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  let failure: unknown = new TranslationError('refused', 'No translation engine is switched on. Set one up, and choose it under Engines.');
  for (const name of material.engines) {
    const translator: Translator | null = openTranslator(deps, name);
    if (translator === null) {
      continue;
    }
    const count = (isFailed: boolean) =>
      deps.db.inWorkspace(workspaceId, (tx) =>
        countUse(deps, tx, { workspaceId, kind: 'translation', engine: name, isFailed, characters: isFailed ? 0 : characters }),
      );
    try {
      const { glossary, row, language } = material;
      const used = glossary.filter(({ term }) => texts.some((text) => text.toLowerCase().includes(term.toLowerCase())));
      const signal = AbortSignal.timeout(timeoutMs);
      const translated = await translator.translate({
        texts,
        mostCharacters,
        source: language === 'und' ? null : language,
        target: row.language,
        glossary: used,
        signal,
      });
      await count(false);
      return { engine: translator.engine, translated };
    } catch (error) {
      await count(true);
      failure = error;
      deps.log.warn({ err: error, engine: name }, 'a translation failed');
      if (!(error instanceof TranslationError)) {
        throw error;
      }
    }
  }
  throw failure;
}

function lineFlags(cue: Cue & { translation: string }, findings: readonly Finding[], isFirst: boolean): Finding[] {
  const flags = isFirst ? [...findings] : [];
  if (cue.translation.length / Math.max(0.05, cue.endSeconds - cue.startSeconds) > fastestRate) {
    flags.push({ flag: 'too_fast', note: `More than ${fastestRate} characters a second: shorten it.` });
  }
  return flags;
}

/** Turns translated sentences into the lines of a track. */
export function buildLines(
  words: readonly Word[],
  sentences: readonly Sentence[],
  translated: readonly (string | null)[],
  languages: { source: string; target: string },
  glossary: readonly GlossaryPair[],
): TranslationLine[] {
  const cues = layCues(words, sentences);
  const findings = sentences.map((sentence, i) => checkSentence(sentence.text, translated[i] ?? null, languages, glossary));
  return layBack(cues, translated, languages.target).map((cue, i) => ({
    startSeconds: cue.startSeconds,
    endSeconds: cue.endSeconds,
    source: cue.text,
    text: cue.translation,
    flags: lineFlags(cue, findings[cue.sentence] ?? [], cues[i - 1]?.sentence !== cue.sentence),
    isEdited: false,
  }));
}

/** Translates a track. Throws what may be tried again; what needs a person ends it as failed. */
export async function translateTrack(deps: Deps, workspaceId: string, translationId: string): Promise<void> {
  const material = await deps.db.inWorkspace(workspaceId, (tx) => load(deps, tx, workspaceId, translationId));
  if (material === null) {
    return;
  }
  const sentences = sentencesOf(material.words);
  try {
    const { engine, translated } = await askInOrder(deps, workspaceId, material, sentences);
    const languages = { source: material.language, target: material.row.language };
    const lines = buildLines(material.words, sentences, translated, languages, material.glossary);
    await finish(deps, workspaceId, material, engine, lines);
  } catch (error) {
    if (error instanceof TranslationError && lasting.includes(error.code)) {
      await failTranslation(deps, workspaceId, translationId, error.message);
      return;
    }
    throw error;
  }
}

async function finish(
  deps: Deps,
  workspaceId: string,
  material: Material,
  engine: string,
  lines: readonly TranslationLine[],
): Promise<void> {
  const { id, video_id: videoId, language } = material.row;
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    const count = await deps.db.change(
      tx,
      `UPDATE translations SET state = 'draft', engine = :engine, version = version + 1, transcript_version = :wordsVersion, line_count = :lineCount,
         flagged_count = :flagged, content_sealed = :sealed, failure = NULL, updated_at = :now WHERE id = :id AND state = 'translating'`,
      {
        id,
        engine,
        wordsVersion: material.version,
        lineCount: lines.length,
        flagged: lines.filter((line) => line.flags.length > 0).length,
        sealed: sealLines(deps, id, lines),
        now: deps.clock.now(),
      },
    );
    if (count === 1) {
      await deps.appendEvent(tx, {
        workspaceId,
        type: 'translation.ready',
        videoId,
        subjectId: id,
        data: { language, lines: lines.length },
      });
    }
  });
}

/** Ends a translation as failed, with a sentence that says why. */
export async function failTranslation(deps: Deps, workspaceId: string, translationId: string, message: string): Promise<void> {
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    const [row] = await deps.db.rows<{ video_id: string }>(
      tx,
      "UPDATE translations SET state = 'failed', failure = :message, updated_at = :now WHERE id = :translationId AND state IN ('queued', 'translating') RETURNING video_id",
      { translationId, message: message.slice(0, 500), now: deps.clock.now() },
    );
    if (row !== undefined) {
      await deps.appendEvent(tx, { workspaceId, type: 'translation.failed', videoId: row.video_id, subjectId: translationId, data: {} });
    }
  });
}
