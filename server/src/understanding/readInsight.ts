import type { Insight } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Video } from '../library/model.ts';
import { findChapters } from './chapters/findChapters.ts';
import { buildTalk, type Talk } from './highlights/talk.ts';
import { judgeText } from './safety/policy.ts';
import { findTranscript, readTranscript } from './transcripts.ts';

/** Words of a passage that is judged together: what the classifier was measured on. */
const passageWords = 40;

function findingsOf(talk: Talk): Insight['findings'] {
  const findings: Insight['findings'] = [];
  for (let from = 0; from < talk.sentences.length;) {
    let to = from;
    while (to + 1 < talk.sentences.length && (talk.sentences[to + 1]?.last ?? 0) - (talk.sentences[from]?.first ?? 0) < passageWords) {
      to += 1;
    }
    const excerpt = talk.sentences
      .slice(from, to + 1)
      .map((sentence) => sentence.text)
      .join(' ');
    const { isFlagged, score, category } = judgeText(excerpt);
    if (isFlagged) {
      const startSeconds = talk.sentences[from]?.startSeconds ?? 0;
      findings.push({ startSeconds, endSeconds: Math.max(startSeconds, talk.sentences[to]?.endSeconds ?? 0), category, score, excerpt });
    }
    from = to + 1;
  }
  return findings;
}

/** Reads chapters and passages to look at out of the transcript as people corrected it; empty without one. */
export async function readInsight(deps: Deps, tx: Tx, video: Video): Promise<Insight> {
  const row = await findTranscript(deps, tx, video.id);
  if (row === null) {
    return { chapters: [], findings: [] };
  }
  const { words, language } = await readTranscript(deps, tx, row);
  const talk = buildTalk(words, [], language === 'und' ? null : language);
  const durationSeconds = video.probe?.durationSeconds ?? words.at(-1)?.endSeconds ?? 0;
  return { chapters: findChapters(talk, durationSeconds), findings: findingsOf(talk) };
}
