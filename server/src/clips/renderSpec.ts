import type { TaskSpec } from '@carmic/contract';
import type { MediaTask } from '../agents/model.ts';
import { agentInput } from '../agents/taskSpec.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { Videos } from '../library/model.ts';
import { findObject } from '../library/storedObjects.ts';
import { brandingFor, findBrand, withBrand } from './brand/brandFor.ts';
import { captionsFor } from './captionsFor.ts';
import { segmentsOf } from './clipEdits.ts';
import { Clips, Renditions } from './model.ts';
import { tuningFor } from './tuning/tuner.ts';

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
  const brand = rendition.brandKitId === null ? null : await findBrand(deps, tx, rendition.brandKitId);
  if (rendition.brandKitId !== null && brand === null) {
    return null;
  }
  const branding = await brandingFor(deps, brand);
  const segments = await segmentsOf(deps, tx, clip, rendition.editVersion);
  const { width, height, codec } = rendition;
  const durationSeconds = segments.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  const frameRate = Math.min(video.probe.frameRate, maxFrameRate);
  const tuning = await tuningFor(deps, tx, { width, height, codec, frameRate, durationSeconds }, rendition.id);
  return {
    kind: 'render',
    source: await agentInput(deps, source),
    probe: video.probe,
    segments,
    output: { width, height, maxFrameRate, codec },
    captions: await withBrand(deps, await captionsFor(deps, tx, rendition, segments), brand),
    loudness,
    ...(branding && { branding }),
    ...(tuning && { tuning }),
    ...(rendition.framing === null ? {} : { framing: rendition.framing }),
    // Spans and frame rate are part of the agent's own key.
    analysisKey: video.id,
  };
}
