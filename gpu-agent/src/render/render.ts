import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderResult, RenderSpec } from '@carmic/contract';
import { type EncoderPool, processorOnly } from '../encoders/encoderPool.ts';
import type { Framer } from '../framing/framer.ts';
import { recordFraming } from '../framing/recordFraming.ts';
import { sniffBytes, sniffContainer } from '../media/sniff.ts';
import type { Source } from '../media/sourceServer.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import { encodeClip } from './encodeClip.ts';
import { buildCertificate } from './certificate.ts';
import { framingFacts } from './framingCertificate.ts';
import { behindIntro, type ClipBranding, openBranding } from './branding.ts';
import { cameraCommands, cameraName, renderFiles, totalFrames } from './filterGraph.ts';
import { correctGain } from './loudness.ts';
import { chooseGain, listen, surround } from './mixSound.ts';
import { runStep } from './runStep.ts';
import { remixArgs, type RenderPlan } from './renderArgs.ts';
import type { RenderInput } from './renderInput.ts';
import { planTimeline, rateValue, type Timeline } from './timeline.ts';
import { verifyClip } from './verifyClip.ts';
import { fetchBrandFont } from './brandFont.ts';
import { planClipCaptions, writeCaptionFiles } from './writeCaptions.ts';

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
  const opened: Source[] = [];
  try {
    return await renderOpened(spec, context, tools, await openBranding(spec, timeline, context, opened), {
      timeline,
      input,
      size,
      hasAudio,
    });
  } finally {
    opened.forEach((source) => source.close());
  }
}

interface Prepared {
  timeline: Timeline;
  input: RenderInput;
  size: { width: number; height: number };
  hasAudio: boolean;
}

async function renderOpened(
  spec: RenderSpec,
  context: TaskContext,
  tools: RenderTools,
  branding: ClipBranding,
  { timeline, input, size, hasAudio }: Prepared,
): Promise<TaskOutcome> {
  context.onProgress(0.01, 'Listening and looking for faces');
  const ownFont = await fetchBrandFont(spec, context);
  const hearing = hasAudio ? listen(input, timeline, context, planClipCaptions(spec, timeline, size, [], ownFont)) : Promise.resolve(null);
  const [clipSound, framing] = await bothDone(hearing, tools.framer.frame(spec, timeline, input, context, hearing));
  const shown = behindIntro(timeline, branding);
  const laterSeconds = shown.durationSeconds - timeline.durationSeconds;
  const record = recordFraming(framing);
  const faces = record.faces.map((face) => ({
    ...face,
    startSeconds: face.startSeconds + laterSeconds,
    endSeconds: face.endSeconds + laterSeconds,
  }));
  const captions = planClipCaptions(spec, shown, size, faces, ownFont);
  if (captions !== null) {
    await writeCaptionFiles(captions, spec.captions?.language ?? 'und', context.directory);
  }
  const isSurrounded = branding.intro !== null || branding.outro !== null;
  const hasSound = hasAudio || branding.intro?.hasAudio === true || branding.outro?.hasAudio === true;
  const heard = isSurrounded && hasSound ? await surround(timeline, branding, clipSound, context) : clipSound;
  const gain = await chooseGain(spec, heard, shown.durationSeconds, context, captions);
  const frameCount = totalFrames({ timeline, branding });
  const plan: RenderPlan = {
    timeline: framing.picture,
    ...size,
    framing: framing.segments,
    hasAudio: hasSound,
    isInterlaced: spec.probe.isInterlaced,
    mapsTone: spec.probe.isHdr && tools.canToneMap,
    canToneMap: tools.canToneMap,
    hasCaptions: captions !== null && captions.plan.captions.length > 0 && spec.captions?.style !== 'none',
    gain,
    covers: [...framing.covers].sort((a, b) => a - b),
    branding,
    input,
  };
  await writeCamera(plan, context);
  const job = { plan, tuning: spec.tuning, frameCount, durationSeconds: shown.durationSeconds, sourceSeconds: timeline.durationSeconds };
  const encoded = await (tools.encoders ?? processorOnly).encode(spec.output.codec ?? 'h264', context.signal, (encoder) =>
    encodeClip(job, encoder, context),
  );
  context.onProgress(0.96, 'Measuring the clip');
  let clip = await verifyClip(context);
  let better = gain && correctGain(gain, clip.loudness, spec.loudness);
  for (let round = 0; better && round < mixRounds; round++) {
    await runStep(context, remixArgs(better, 'remixed.mp4'), 'Mixing the sound again', timeline.durationSeconds);
    await rename(join(context.directory, 'remixed.mp4'), join(context.directory, renderFiles.video));
    clip = await verifyClip(context);
    better = correctGain(better, clip.loudness, spec.loudness);
  }
  const certificate = buildCertificate({
    ...plan,
    timeline: { ...shown, frameCount },
    target: spec.loudness,
    clip,
    captions: captions && {
      plan: captions.plan,
      sourceWords: spec.captions?.words ?? [],
      timeline: shown,
      faces,
      isBurnedIn: plan.hasCaptions,
    },
    framing: framingFacts(framing, spec),
    score: encoded.value.at(-1)?.score ?? null,
    scoreTarget: spec.tuning?.target ?? null,
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
    shots: framing.shots.map((shot) => ({
      ...shot,
      startSeconds: shot.startSeconds + laterSeconds,
      endSeconds: shot.endSeconds + laterSeconds,
    })),
    captionsBurnedIn: plan.hasCaptions,
    framing: record,
    certificate,
    ...(encoded.value.length === 0 ? {} : { encoding: { tries: encoded.value } }),
  };
  return { result, files: [...filesOf(context, captions !== null), ...coverFiles(framing.covers, context)] };
}

/** Waits for both even when one fails: the folder they write to is gone after that. */
async function bothDone<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
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

function toEven(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
