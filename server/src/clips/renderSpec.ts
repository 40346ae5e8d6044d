import type { Span, TaskSpec, Word } from '@carmic/contract';
import type { MediaTask } from '../agents/model.ts';
import { agentInput } from '../agents/taskSpec.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { Videos } from '../library/model.ts';
import { findObject } from '../library/storedObjects.ts';
import { findTranscript, readTranscript } from '../understanding/transcripts.ts';
import { segmentsOf } from './clipEdits.ts';
import { Clips, type RenditionRow, Renditions } from './model.ts';

/** Loudness of every rendition: what the platforms play at (EBU R 128 measure), with a decibel of room for their encoders. */
const loudness = { integratedLufs: -14, truePeakDbtp: -1 };
const maxFrameRate = 60;

/** What an agent is asked when it renders. */
export async function buildRenderSpec(deps: Deps, tx: Tx, task: MediaTask): Promise<TaskSpec | null> {
  const { db } = deps;
  const rendition = task.renditionId === null ? null : await db.model(Renditions).findByPk(task.renditionId, { transaction: tx });
  const clip = rendition === null ? null : await db.model(Clips).findByPk(rendition.clipId, { transaction: tx });
  const video = await db.model(Videos).findByPk(task.videoId, { transaction: tx });
  const source = await findObject(deps, tx, task.videoId, 'source');
  if (rendition === null || clip === null || video?.probe == null || source === null) {
    return null;
  }
  const segments = await segmentsOf(deps, tx, clip, rendition.editVersion);
  return {
    kind: 'render',
    source: await agentInput(deps, source),
    probe: video.probe,
    segments,
    output: { width: rendition.width, height: rendition.height, maxFrameRate },
    captions: await captionsFor(deps, tx, rendition, segments),
    loudness,
  };
}

/** Words for the captions; without captions in the picture they are needed only where swearing is taken out of the sound. */
async function captionsFor(deps: Deps, tx: Tx, { videoId, captionStyle, captionOptions }: RenditionRow, segments: readonly Span[]) {
  const isNeeded = captionStyle !== 'none' || (captionOptions.profanity?.sound ?? 'keep') !== 'keep';
  const row = isNeeded ? await findTranscript(deps, tx, videoId) : null;
  if (row === null) {
    return null;
  }
  const { language, words } = await readTranscript(deps, tx, row);
  const isInside = (word: Word) => segments.some((span) => word.endSeconds > span.startSeconds && word.startSeconds < span.endSeconds);
  return { style: captionStyle, language, words: words.filter(isInside), ...captionOptions };
}
