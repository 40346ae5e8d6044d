import { type EncoderProfile, x264 } from '../encoders/profiles.ts';
import { cleanOutputArgs, ownInputArgs, quietArgs, sourceInputArgs } from '../ffmpeg/safety.ts';
import type { SoundSpan } from './censor.ts';
import type { Bumper } from './branding.ts';
import { type AudioGain, buildFilterGraph, gainFilter, type GraphPlan, joinedAudio, renderFiles } from './filterGraph.ts';
import { type RenderInput, spanInput } from './renderInput.ts';
import { surroundAudio, type SurroundPlan } from './surround.ts';
import { rateValue, type Timeline } from './timeline.ts';

export interface RenderPlan extends GraphPlan {
  input: RenderInput;
  /** What encodes the picture; libx264 by default. */
  encoder?: EncoderProfile;
  /** Whether the encoder is to say how similar its picture is: it does so in the log only. */
  isMeasured?: boolean;
}

/** The settings of the processor's encoder; the bench measures its floor with the same. */
export const videoEncodeArgs: readonly string[] = x264.encodeArgs;
/** The sound encoder's settings. */
export const audioBitsPerSecond = 160_000;
export const audioEncodeArgs: readonly string[] = ['-c:a', 'aac', '-b:a', `${audioBitsPerSecond / 1000}k`, '-ar', '48000', '-ac', '2'];

/** Inputs of a time line: one per segment, each seeked to its beginning before it is opened. */
export function segmentInputs(input: RenderInput, timeline: Timeline, decodeArgs: readonly string[] = []): string[] {
  return timeline.segments.flatMap((segment) => [
    ...decodeArgs,
    ...spanInput(input, segment.sourceSeconds, segment.frames / rateValue(timeline.rate)),
  ]);
}

/** The one encode of a clip. The trim in its graph counts the frames; `-frames:v` would also end the sound, wherever it is by then. */
export function renderArgs(plan: RenderPlan): string[] {
  const { rate } = plan.timeline;
  const encoder = plan.encoder ?? x264;
  const upload = encoder.uploadFilter === null ? '' : `;[video]${encoder.uploadFilter}[uploaded]`;
  return [
    // With its level before each line, so that the reason of a failure is told from what is only said.
    ...[...quietArgs, '-v', plan.isMeasured ? 'level+info' : 'error', ...encoder.deviceArgs],
    ...segmentInputs(plan.input, plan.timeline, ['-an', ...decodeThreads(plan.input)]),
    ...(plan.hasAudio ? soundInput : []),
    ...bumperInputs(plan),
    ...(plan.branding.logo === null ? [] : pictureInput(plan.branding.logo.input)),
    ...['-filter_complex', buildFilterGraph(plan) + upload],
    ...['-map', upload === '' ? '[video]' : '[uploaded]', '-map', '[audio]', '-r', `${rate.numerator}/${rate.denominator}`],
    ...[...encoder.encodeArgs, ...audioEncodeArgs, ...cleanOutputArgs, ...mp4Args, renderFiles.video],
    ...(plan.covers.length === 0 ? [] : coverOutput(plan.covers.length)),
  ];
}

/** Intro and outro, in this order behind the sound. */
function bumperInputs({ branding, timeline }: RenderPlan, decodeArgs: readonly string[] = ['-an']): string[] {
  return [branding.intro, branding.outro].flatMap((bumper) => {
    if (bumper === null) {
      return [];
    }
    return bumper.isStill
      ? pictureInput(bumper.input)
      : [...decodeArgs, ...spanInput(bumper.input, 0, bumper.frames / rateValue(timeline.rate))];
  });
}

function pictureInput({ container, sourceUrl, framePixels }: RenderInput): string[] {
  return [...sourceInputArgs(container, { framePixels }), '-i', sourceUrl];
}

function coverOutput(count: number): string[] {
  return [
    '-map',
    '[covers]',
    '-frames:v',
    String(count),
    ...cleanOutputArgs,
    '-q:v',
    '3',
    '-c:v',
    'mjpeg',
    '-f',
    'image2',
    renderFiles.covers,
  ];
}

/** One thread decodes 1080 lines faster than the encoder takes them, and costs an eighth less than several that wait for each other. */
function decodeThreads({ framePixels }: RenderInput): string[] {
  return framePixels <= 1920 * 1088 * 1.3 ? ['-threads', '1'] : [];
}

const soundInput = [...ownInputArgs('wav'), '-i', renderFiles.sound];
const mp4Args = ['-movflags', '+faststart', '-f', 'mp4'];
const loudnessMeter = 'ebur128=peak=true:framelog=verbose';

/** Joins the sound of the segments into one file and measures its loudness on the way. */
export function listenArgs(input: RenderInput, timeline: Timeline, muted: readonly SoundSpan[] = []): string[] {
  return [
    ...[...quietArgs, '-v', 'info', ...segmentInputs(input, timeline, ['-vn'])],
    ...['-filter_complex', `${joinedAudio(timeline, ',asplit=2[kept][heard]', muted)};[heard]${loudnessMeter}[measured]`],
    ...['-map', '[kept]', ...cleanOutputArgs, '-c:a', 'pcm_f32le', '-f', 'wav', renderFiles.sound],
    ...['-map', '[measured]', '-f', 'null', '-'],
  ];
}

/** Measures an intro or outro. */
export function hearArgs(bumper: Bumper, timeline: Timeline): string[] {
  const input = spanInput(bumper.input, 0, bumper.frames / rateValue(timeline.rate));
  return [...quietArgs, '-v', 'info', '-vn', ...input, '-map', '0:a:0', '-af', loudnessMeter, '-f', 'null', '-'];
}

/** Joins the sound of intro, clip and outro into one file, and measures it. `gainsDb` bring intro and outro to the loudness of the clip. */
export function surroundArgs(plan: SurroundPlan, output: string): string[] {
  const bumpers = [plan.intro, plan.outro].filter((bumper) => bumper?.hasAudio === true) as Bumper[];
  return [
    ...[...quietArgs, '-v', 'info', ...(plan.hasAudio ? soundInput : [])],
    ...bumpers.flatMap((bumper) => ['-vn', ...spanInput(bumper.input, 0, bumper.frames / rateValue(plan.timeline.rate))]),
    ...['-filter_complex', `${surroundAudio(plan, ',asplit=2[kept][heard]')};[heard]${loudnessMeter}[measured]`],
    ...['-map', '[kept]', ...cleanOutputArgs, '-c:a', 'pcm_f32le', '-f', 'wav', output],
    ...['-map', '[measured]', '-f', 'null', '-'],
  ];
}

/** Measures what a gain makes of the joined sound, without writing it. */
export function rehearseArgs(gain: AudioGain): string[] {
  return [...quietArgs, '-v', 'info', ...soundInput, '-af', `${gainFilter(gain)}${loudnessMeter}`, '-f', 'null', '-'];
}

/** Writes a finished clip anew with another gain; the picture is copied. */
export function remixArgs(gain: AudioGain, output: string): string[] {
  return [
    ...[...quietArgs, '-v', 'error', ...ownInputArgs('mov'), '-i', renderFiles.video, ...soundInput],
    ...['-map', '0:V:0', '-c:v', 'copy', '-map', '1:a:0', '-af', `${gainFilter(gain)}aformat=sample_fmts=fltp`],
    ...[...audioEncodeArgs, ...cleanOutputArgs, ...mp4Args, output],
  ];
}

/** Hears a finished clip as its players will. */
export const verifyArgs: readonly string[] = [
  ...[...quietArgs, '-v', 'info', '-vn', ...ownInputArgs('mov'), '-i', renderFiles.video],
  ...['-map', '0:a:0', '-af', loudnessMeter, '-f', 'null', '-'],
];
