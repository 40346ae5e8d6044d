import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Analysis, InspectSpec } from '@carmic/contract';
import type { RunRequest } from '../ffmpeg/run.ts';
import { describeRunError } from '../media/describeRunError.ts';
import { probeSource } from '../media/probe.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import { judgePictures } from '../pictures/judgePictures.ts';
import type { PictureJudge } from '../pictures/pictureJudge.ts';
import { buildAnalysis, createLevelMeter, hopFor, readScenes, type SceneFacts } from './measure.ts';
import {
  audioSampleRate,
  inspectArgs,
  inspectFiles,
  type InspectPlan,
  keysArgs,
  measureArgs,
  planInspect,
  setsKeysAside,
  sparseSeconds,
  thumbnailArgs,
} from './plan.ts';

/** A file may be this much shorter than it says: rounding, a last frame that no one misses. */
const missingShare = 0.05;
const missingSeconds = 2;

/**
 * Probes a source and makes what the rest of the work needs: proxy, thumbnail, sound for transcription, and the analysis.
 *
 * Throws TaskFailure with the codes of `probeSource`, and `truncated` or `decode_failed` when the pictures end too early.
 */
export async function inspect(
  spec: InspectSpec,
  context: TaskContext,
  canToneMap: boolean,
  judge: PictureJudge | null = null,
): Promise<TaskOutcome> {
  context.onProgress(0, 'Looking at the file');
  const facts = await probeSource(context, spec.limits);
  const { probe } = facts;
  const plan = planInspect(facts, context.source.localUrl, spec.limits.framePixels, canToneMap);
  const hopSeconds = hopFor(probe.durationSeconds);
  const meter = createLevelMeter(audioSampleRate, hopSeconds);
  let copiedSeconds = 0;
  await runFfmpeg(context, inspectArgs(plan), 'Reading the video', {
    wallSeconds: 600 + probe.durationSeconds * 6,
    onOutput: (chunk) => meter.push(chunk),
    onProgress: ({ outSeconds }) => {
      copiedSeconds = outSeconds;
      context.onProgress(Math.min(0.95, (outSeconds / probe.durationSeconds) * 0.95), 'Reading picture and sound');
    },
  });
  const levels = meter.finish();
  if (setsKeysAside(plan)) {
    await runFfmpeg(context, keysArgs(), 'Looking at the picture', { wallSeconds: 600 + probe.durationSeconds * 6, readsSource: false });
  }
  let scenes = await scenesOf(context, hopSeconds);
  if (plan.copiesProxy && scenes.frames * sparseSeconds < probe.durationSeconds) {
    await runFfmpeg(context, measureArgs(plan), 'Looking at the picture', { wallSeconds: 600 + probe.durationSeconds * 6 });
    scenes = await scenesOf(context, hopSeconds);
  }
  // Of a copied picture only some frames were decoded; how far it was copied tells where it ends.
  checkComplete(scenes, plan.copiesProxy ? Math.max(levels.seconds, copiedSeconds) : levels.seconds, probe.durationSeconds);
  await takeThumbnail(context, plan, scenes);
  const analysisPath = join(context.directory, inspectFiles.analysis);
  const pictures = await lookAtPictures(context, judge, probe.durationSeconds);
  const analysis: Analysis = { ...buildAnalysis(hopSeconds, levels, scenes), ...(pictures === undefined ? {} : { pictures }) };
  await writeFile(analysisPath, JSON.stringify(analysis));
  context.onProgress(1, 'Done');
  const hasAudio = probe.audioCodec !== null && levels.seconds > 0;
  return {
    result: { kind: 'inspect', probe: hasAudio ? probe : { ...probe, audioCodec: null, audioChannels: 0 } },
    files: [
      { name: 'proxy', path: join(context.directory, inspectFiles.proxy) },
      { name: 'thumbnail', path: join(context.directory, inspectFiles.thumbnail) },
      { name: 'analysis', path: analysisPath },
      ...(hasAudio ? [{ name: 'audio' as const, path: join(context.directory, inspectFiles.audio) }] : []),
    ],
  };
}

async function scenesOf({ directory }: TaskContext, hopSeconds: number): Promise<SceneFacts> {
  return readScenes(await readFile(join(directory, inspectFiles.scenes), 'utf8'), hopSeconds);
}

async function lookAtPictures(context: TaskContext, judge: PictureJudge | null, durationSeconds: number): Promise<Analysis['pictures']> {
  if (judge === null) {
    return undefined;
  }
  context.onProgress(0.95, 'Checking pictures');
  try {
    return await judgePictures(context, judge, inspectFiles.proxy, durationSeconds, (name) =>
      readFile(join(context.directory, name), 'utf8'),
    );
  } catch (error) {
    throw describeRunError(error, 'decode_failed', 'Checking pictures');
  }
}

function checkComplete({ lastFrameSeconds }: SceneFacts, otherSeconds: number, durationSeconds: number): void {
  if (lastFrameSeconds === null) {
    throw new TaskFailure('decode_failed', 'Not one picture of the video can be decoded.');
  }
  const readSeconds = Math.max(lastFrameSeconds, otherSeconds);
  const missing = durationSeconds - readSeconds;
  if (missing > missingSeconds && missing > durationSeconds * missingShare) {
    throw new TaskFailure(
      'truncated',
      `The file is cut off: it says it is ${durationSeconds.toFixed(1)} s long, and only ${readSeconds.toFixed(1)} s of it can be read.`,
    );
  }
}

/** Looks a fifth into the video, behind titles and fades, and away from a cut. */
async function takeThumbnail(context: TaskContext, plan: InspectPlan, { cutsSeconds, lastFrameSeconds }: SceneFacts): Promise<void> {
  const last = lastFrameSeconds ?? 0;
  const wanted = last * 0.2;
  const cutBefore = cutsSeconds.filter((cut) => cut <= wanted).at(-1) ?? 0;
  const atSeconds = last < 4 ? 0 : Math.max(cutBefore + 0.2, wanted);
  await runFfmpeg(context, thumbnailArgs(plan, Math.min(atSeconds, Math.max(0, last - 1))), 'Taking the thumbnail', { wallSeconds: 120 });
}

async function runFfmpeg(
  context: TaskContext,
  args: string[],
  doing: string,
  options: Pick<RunRequest, 'onOutput' | 'onProgress' | 'readsSource'> & { wallSeconds: number },
): Promise<void> {
  const { wallSeconds, ...rest } = options;
  try {
    await context.run({
      program: 'ffmpeg',
      args,
      directory: context.directory,
      limits: { wallSeconds, fileBytes: Math.max(2e9, context.source.sizeBytes * 2) },
      signal: context.signal,
      readsSource: true,
      ...rest,
    });
  } catch (error) {
    throw describeRunError(error, 'decode_failed', doing);
  }
}
