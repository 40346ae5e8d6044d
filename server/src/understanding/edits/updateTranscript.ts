import type { RouteInput, Transcript, TranscriptChange, TranscriptDocument } from '@carmic/contract';
import { AppError, invalidInput, wrongState } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';
import { loadVideo } from '../../library/load.ts';
import { learnTerm } from '../glossary/glossary.ts';
import type { TranscriptRow } from '../model.ts';
import { findTranscript, readHeard } from '../transcripts.ts';
import { type Correction, mergeReplacements, ReplacementError } from './corrections.ts';
import { diffWords } from './diffWords.ts';
import { labelsOf, nameVoices } from './speakers.ts';
import { termsOfCorrection } from './termsOfCorrection.ts';
import { applyEdits, type Edits, readEdits, writeEdits } from './transcriptEdits.ts';

/** The words of a video as its workspace sees them. Throws wrong_state when there are none. */
export async function presentTranscript(deps: Deps, tx: Tx, videoId: string): Promise<Transcript> {
  const row = await requireTranscript(deps, tx, videoId);
  const edits = await readEdits(deps, tx, videoId);
  const heard = await readHeard(deps, tx, row);
  const { language, engine } = heard;
  return { videoId, language, engine, version: edits.version, ...present(heard, row.objectId, edits) };
}

/** Words and speakers as they read with edits. */
function present(heard: TranscriptDocument, objectId: string, edits: Edits): Pick<Transcript, 'words' | 'speakers'> {
  const { words, names } = applyEdits(heard, objectId, edits);
  return {
    words: words.map(({ word, correction }) => (correction === null ? word : { ...word, isCorrected: true as const })),
    speakers: labelsOf(heard.words).map((label) => ({ label, name: names.get(label) ?? label })),
  };
}

async function requireTranscript(deps: Deps, tx: Tx, videoId: string): Promise<TranscriptRow> {
  const row = await findTranscript(deps, tx, videoId);
  if (row === null) {
    throw wrongState('This video has no transcript.');
  }
  return row;
}

/**
 * Writes corrections and names, and answers what reads otherwise than before. Throws conflict, with the version that is there, when the edits were made from another one: nothing is
 * changed then, and the caller makes them again on the words as they are.
 */
export function updateTranscript(
  deps: Deps,
  person: Person,
  videoId: string,
  body: RouteInput<'updateTranscript'>['body'],
  checkMatch: (version: string) => void,
): Promise<TranscriptChange> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const video = await loadVideo(deps, tx, videoId);
    const row = await requireTranscript(deps, tx, video.id);
    const edits = await readEdits(deps, tx, video.id, true);
    checkMatch(String(edits.version));
    const conflict = (version: number) =>
      new AppError('conflict', 'Somebody else changed these words meanwhile. Look at them and make your change again.', {
        details: { version },
      });
    if (edits.version !== body.version) {
      throw conflict(edits.version);
    }
    const heard = await readHeard(deps, tx, row);
    const { corrections, added } = merge(heard.words, edits.corrections, body.corrections ?? []);
    const isSameHearing = edits.objectId === row.objectId;
    const known = isSameHearing
      ? edits.voices
      : nameVoices(
          heard.words,
          [],
          [...applyEdits(heard, row.objectId, edits).names].map(([label, name]) => ({ label, name })),
        );
    const voices = nameVoices(heard.words, known, body.speakers ?? []);
    const changed = { objectId: row.objectId, corrections, voices };
    if (!(await writeEdits(deps, tx, video, edits.version, changed, person.userId))) {
      throw conflict(edits.version + 1);
    }
    for (const correction of added) {
      for (const learnt of termsOfCorrection(correction, heard.language, startsSentence(heard.words, correction))) {
        await learnTerm(deps, tx, person.workspaceId, learnt);
      }
    }
    await deps.appendEvent(tx, {
      workspaceId: person.workspaceId,
      type: 'transcript.edited',
      videoId: video.id,
      actorId: person.userId,
      data: { version: edits.version + 1, corrections: added.length, speakers: body.speakers?.length ?? 0 },
    });
    const { words, speakers } = present(heard, row.objectId, changed);
    return {
      videoId: video.id,
      version: edits.version + 1,
      changes: diffWords(present(heard, row.objectId, edits).words, words),
      speakers,
    };
  });
}

function merge(...args: Parameters<typeof mergeReplacements>): ReturnType<typeof mergeReplacements> {
  try {
    return mergeReplacements(...args);
  } catch (error) {
    throw error instanceof ReplacementError ? invalidInput(error.message) : error;
  }
}

function startsSentence(words: readonly { text: string; startSeconds: number }[], correction: Correction): boolean {
  const before = words.findLast((word) => word.startSeconds < correction.startSeconds - 0.001);
  return before === undefined || /[.?!…]["')\]”’»]*$/u.test(before.text);
}
