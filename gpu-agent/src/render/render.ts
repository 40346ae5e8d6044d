import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderResult, RenderSpec } from '@carmic/contract';
import { type EncoderPool, processorOnly } from '../encoders/encoderPool.ts';
import type { Framer } from '../framing/framer.ts';
import type { FfmpegProgress } from '../ffmpeg/progress.ts';
import type { RunRequest, RunResult } from '../ffmpeg/run.ts';
import { describeRunError } from '../media/describeRunError.ts';
import { sniffBytes, sniffContainer } from '../media/sniff.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import { buildCertificate } from './certificate.ts';
import { framingFacts } from './framingCertificate.ts';
import { cameraCommands, cameraName, type AudioGain, renderFiles } from './filterGraph.ts';
import { correctGain, planGain, readLoudness } from './loudness.ts';
import { listenArgs, rehearseArgs, remixArgs, renderArgs, type RenderInput, type RenderPlan } from './renderArgs.ts';
import { planTimeline, rateValue, type Timeline } from './timeline.ts';
import { verifyClip } from './verifyClip.ts';
import { fetchBrandFont } from './brandFont.ts';
import { planClipCaptions, writeCaptionFiles, type WrittenCaptions } from './writeCaptions.ts';

export interface RenderTools {
  canToneMap: boolean;
  framer: Framer;
  /** What chooses the encoder; libx264 alone by default. */
  encoders?: Pick<EncoderPool, 'encode'>;
}

/**
 * Makes one finished clip: listens, looks, encodes once, and measures what came out.
 *
 * Throws TaskFailure `render_failed`, `output_invalid`, or what a limit of the run says.
 */
export async function render(spec: RenderSpec, context: TaskContext, tools: RenderTools): Promise<TaskOutcome> {
  const timeline = planTimeline(spec.segments, spec.probe, spec.output.maxFrameRate);
  if (timeline.frameCount === 0) {
    throw new TaskFailure('render_failed', 'The clip lies outside the video: there is not one frame to show.');
  }
  const container = sniffContainer(await context.source.readSpan(0, Math.min(sniffBytes, context.source.sizeBytes)));
  const input = { container, sourceUrl: context.source.localUrl, framePixels: framePixelsOf(spec) };
  const hasAudio = spec.probe.audioCodec !== null;
  const size = { width: toEven(spec.output.width), height: toEven(spec.output.height) };
  context.onProgress(0.01, 'Listening');
  const ownFont = await fetchBrandFont(spec, context);
  const gain = hasAudio ? await chooseGain(spec, timeline, input, context, planClipCaptions(spec, timeline, size, [], ownFont)) : null;
  context.onProgress(0.06, 'Looking for faces');
  const framing = await tools.framer.frame(spec, timeline, input, context);
  const captions = planClipCaptions(spec, timeline, size, framing.faces, ownFont);
  if (captions !== null) {
    await writeCaptionFiles(captions, spec.captions?.language ?? 'und', context.directory);
  }
  const plan: RenderPlan = {
    timeline: framing.picture,
    ...size,
    framing: framing.segments,
    hasAudio,
    isInterlaced: spec.probe.isInterlaced,
    mapsTone: spec.probe.isHdr && tools.canToneMap,
    hasCaptions: captions !== null && captions.plan.captions.length > 0 && spec.captions?.style !== 'none',
    gain,
    covers: [...framing.covers].sort((a, b) => a - b),
    input,
  };
  await writeCamera(plan, context);
  const onFrame = ({ frame }: FfmpegProgress) => context.onProgress(0.15 + 0.8 * Math.min(1, frame / timeline.frameCount), 'Encoding');
  const encoded = await (tools.encoders ?? processorOnly).encode(spec.output.codec ?? 'h264', context.signal, (encoder) =>
    runFfmpeg(context, renderArgs({ ...plan, encoder }), 'Encoding the clip', timeline.durationSeconds, {
      onProgress: onFrame,
      usesGpu: encoder.family !== 'cpu',
    }),
  );
  context.onProgress(0.96, 'Measuring the clip');
  let clip = await verifyClip(context);
  let better = gain && correctGain(gain, clip.loudness, spec.loudness);
  for (let round = 0; better && round < mixRounds; round++) {
    await runFfmpeg(context, remixArgs(better, 'remixed.mp4'), 'Mixing the sound again', timeline.durationSeconds);
    await rename(join(context.directory, 'remixed.mp4'), join(context.directory, renderFiles.video));
    clip = await verifyClip(context);
    better = correctGain(better, clip.loudness, spec.loudness);
  }
  const certificate = buildCertificate({
    ...plan,
    timeline,
    target: spec.loudness,
    clip,
    captions: captions && {
      plan: captions.plan,
      sourceWords: spec.captions?.words ?? [],
      timeline,
      faces: framing.faces,
      isBurnedIn: plan.hasCaptions,
    },
    framing: framingFacts(framing, spec),
  });
  const broken = certificate.find((fact) => !fact.passed && essential.has(fact.name));
  if (broken) {
    throw new TaskFailure(
      'output_invalid',
      `The finished clip is not as planned: ${broken.label} is ${broken.value}, not ${broken.bound}.`,
      {
        isRetryable: true,
      },
    );
  }
  const result: RenderResult = {
    kind: 'render',
    durationSeconds: clip.videoSeconds,
    frameCount: clip.frameCount,
    frameRate: rateValue(timeline.rate),
    width: clip.width,
    height: clip.height,
    encoder: encoded.profile.name,
    encoderReason: encoded.reason,
    layout: framing.layout,
    layoutReason: framing.reason,
    shots: [...framing.shots],
    captionsBurnedIn: plan.hasCaptions,
    certificate,
  };
  return { result, files: [...filesOf(context, captions !== null), ...coverFiles(framing.covers, context)] };
}

/** How often the sound is mixed again when the encoder made another loudness or peak of it. */
const mixRounds = 4;

/** Facts without which a clip is no clip; the others are shown, and a person decides. */
const essential = new Set(['frame_count', 'frame_width', 'frame_height', 'audio_video_difference']);

function filesOf({ directory }: TaskContext, hasCaptions: boolean): TaskOutcome['files'] {
  return [
    { name: 'video', path: join(directory, renderFiles.video) },
    ...(hasCaptions
      ? [
          { name: 'srt' as const, path: join(directory, renderFiles.srt) },
          { name: 'vtt' as const, path: join(directory, renderFiles.vtt) },
          { name: 'ass' as const, path: join(directory, renderFiles.captions) },
          { name: 'words' as const, path: join(directory, renderFiles.words) },
        ]
      : []),
  ];
}

/** The pictures were written in the order of the clip; the best is the first. */
function coverFiles(covers: readonly number[], { directory }: TaskContext): TaskOutcome['files'] {
  const inOrder = [...covers].sort((a, b) => a - b);
  return (['cover', 'cover2', 'cover3'] as const).flatMap((name, index) => {
    const frame = covers[index];
    return frame === undefined ? [] : [{ name, path: join(directory, renderFiles.coverOf(inOrder.indexOf(frame) + 1)) }];
  });
}

/** The probe was held to the instance's limit; decoding gets a little room for padding to whole blocks. */
function framePixelsOf({ probe }: RenderSpec): number {
  return Math.max(1_000_000, Math.ceil(probe.width * probe.height * 1.3));
}

/** Measures the joined sound, and where the limiter will work, rehearses until the loudness is right. */
async function chooseGain(
  spec: RenderSpec,
  timeline: Timeline,
  input: RenderInput,
  context: TaskContext,
  captions: WrittenCaptions | null,
): Promise<AudioGain | null> {
  const { stderr } = await runFfmpeg(
    context,
    listenArgs(input, timeline, captions?.muted),
    'Measuring the sound',
    timeline.durationSeconds,
  );
  let gain = planGain(readLoudness(stderr), spec.loudness);
  for (let round = 0; gain !== null && gain.limitDb !== null && round < 2; round++) {
    const rehearsed: RunResult = await runFfmpeg(context, rehearseArgs(gain), 'Measuring the sound', timeline.durationSeconds);
    const heard = readLoudness(rehearsed.stderr).integratedLufs;
    if (heard === null || Math.abs(spec.loudness.integratedLufs - heard) < 0.2) {
      break;
    }
    gain = { ...gain, gainDb: gain.gainDb + spec.loudness.integratedLufs - heard };
  }
  return gain && { ...gain, beeped: captions?.beeped ?? [] };
}

async function writeCamera(plan: RenderPlan, { directory }: TaskContext): Promise<void> {
  for (const [index, framing] of plan.framing.entries()) {
    const views = framing.kind === 'panels' ? framing.panels.map((panel) => panel.view) : framing.kind === 'crop' ? [framing] : [];
    for (const [panel, { path }] of views.entries()) {
      if (path.length > 1) {
        const name = cameraName(index, panel);
        await writeFile(join(directory, renderFiles.cameraOf(name)), cameraCommands(path, name, plan.timeline.rate));
      }
    }
  }
}

async function runFfmpeg(
  context: TaskContext,
  args: string[],
  doing: string,
  durationSeconds: number,
  options: Pick<RunRequest, 'onProgress' | 'usesGpu'> = {},
): Promise<RunResult> {
  try {
    return await context.run({
      program: 'ffmpeg',
      args,
      directory: context.directory,
      limits: { wallSeconds: 300 + durationSeconds * 30, fileBytes: 8e9 },
      signal: context.signal,
      readsSource: true,
      ...options,
    });
  } catch (error) {
    throw describeRunError(error, 'render_failed', doing);
  }
}

function toEven(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
