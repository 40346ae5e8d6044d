import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncodingTry, RenderTuning } from '@carmic/contract';
import type { EncoderProfile } from '../encoders/profiles.ts';
import { isReached, planTries, readScore, withScore, withSettings } from '../encoders/tuning.ts';
import type { FfmpegProgress } from '../ffmpeg/progress.ts';
import type { TaskContext } from '../media/task.ts';
import { renderFiles } from './filterGraph.ts';
import { audioBitsPerSecond, renderArgs, type RenderPlan } from './renderArgs.ts';
import { runStep } from './runStep.ts';

/** The clip as far as its encode needs it. */
export interface EncodeJob {
  plan: RenderPlan;
  /** Absent: one encode with the encoder's own settings, and nothing is measured. */
  tuning: RenderTuning | undefined;
  frameCount: number;
  durationSeconds: number;
  sourceSeconds: number;
}

/**
 * Encodes a clip, and once or twice more when its picture falls below the target. Answers every try, the one delivered last; none where nothing
 * was to be measured.
 */
export async function encodeClip(job: EncodeJob, encoder: EncoderProfile, context: TaskContext): Promise<EncodingTry[]> {
  const { plan, tuning, frameCount, sourceSeconds } = job;
  const encode = (profile: EncoderProfile, doing: string, isMeasured: boolean) =>
    runStep(context, renderArgs({ ...plan, encoder: profile, isMeasured }), 'Encoding the clip', sourceSeconds, {
      onProgress: ({ frame }: FfmpegProgress) => context.onProgress(0.15 + 0.8 * Math.min(1, frame / frameCount), doing),
      usesGpu: encoder.family !== 'cpu',
    });
  if (tuning === undefined) {
    await encode(encoder, 'Encoding', false);
    return [];
  }
  const tries: EncodingTry[] = [];
  for (const settings of planTries(encoder, tuning.choices, tuning.target)) {
    const profile = withSettings(encoder, settings);
    const scored = withScore(profile);
    const { stderr } = await encode(scored, tries.length === 0 ? 'Encoding' : 'Encoding again, finer', scored !== profile);
    const tried = { ...settings, score: readScore(stderr), bitsPerPixel: await bitsPerPixel(job, context) };
    tries.push(tried);
    if (isReached(tried, tuning.target)) {
      break;
    }
  }
  return tries;
}

/** The size of the file without its sound, which has a fixed rate. */
async function bitsPerPixel({ plan, frameCount, durationSeconds }: EncodeJob, { directory }: TaskContext): Promise<number> {
  const { size } = await stat(join(directory, renderFiles.video));
  const bits = Math.max(0, size * 8 - audioBitsPerSecond * durationSeconds);
  return Number(Math.min(100, bits / (plan.width * plan.height * frameCount)).toFixed(5));
}
