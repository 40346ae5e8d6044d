import type { Chapter, Insight } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Video } from '../library/model.ts';
import { findChapters } from './chapters/findChapters.ts';
import { findStoredChapters, storeChapters } from './chapters/storedChapters.ts';
import { readEdits } from './edits/transcriptEdits.ts';
import { buildTalk } from './highlights/talk.ts';
import { findVerdict, presentVerdict } from './safety/verdicts.ts';
import { findTranscript, readTranscript } from './transcripts.ts';

/** Chapters of the words as people corrected them: found once for each version of the words, then kept. */
export async function readChapters(deps: Deps, tx: Tx, video: Video): Promise<Chapter[]> {
  const row = await findTranscript(deps, tx, video.id);
  if (row === null) {
    return [];
  }
  const madeFrom = `${row.objectId}:${(await readEdits(deps, tx, video.id)).version}`;
  const stored = await findStoredChapters(deps, tx, video.id, madeFrom);
  if (stored !== null) {
    return stored;
  }
  const { words, language } = await readTranscript(deps, tx, row);
  const talk = buildTalk(words, [], language === 'und' ? null : language);
  const chapters = findChapters(talk, video.probe?.durationSeconds ?? words.at(-1)?.endSeconds ?? 0);
  await storeChapters(deps, tx, video, madeFrom, chapters);
  return chapters;
}

/** Reads chapters, and what the safety policy found and decided. */
export async function readInsight(deps: Deps, tx: Tx, video: Video): Promise<Insight> {
  const verdict = await findVerdict(deps, tx, video.id);
  return {
    chapters: await readChapters(deps, tx, video),
    findings: verdict?.findings ?? [],
    safety: verdict === null ? null : await presentVerdict(deps, tx, video.id, verdict),
  };
}
