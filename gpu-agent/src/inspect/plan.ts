import { cleanOutputArgs, quietArgs, sourceInputArgs } from '../ffmpeg/safety.ts';
import { colourToSdr } from '../media/colour.ts';
import type { SourceFacts } from '../media/probe.ts';

/** Names of the files that inspecting writes, inside its scratch folder. */
export const inspectFiles = {
  proxy: 'proxy.mp4',
  audio: 'audio.flac',
  scenes: 'scenes.txt',
  thumbnail: 'thumbnail.jpg',
  analysis: 'analysis.json',
} as const;

export interface InspectPlan {
  facts: SourceFacts;
  sourceUrl: string;
  framePixels: number;
  /** True when the source already is what the player wants, and is only written anew with its index in front. */
  copiesProxy: boolean;
  proxyWidth: number;
  proxyHeight: number;
  canToneMap: boolean;
}

/** Samples per second of the sound that is measured and transcribed. */
export const audioSampleRate = 16_000;
const proxyShortSide = 720;
const thumbnailWidth = 640;
/** A browser and a network of today take this; more would keep a person waiting. */
const copyBitRate = 12_000_000;
const keySeconds = 2;
/** Below this length it costs little to look at more than whole frames. */
const shortSeconds = 60;
/** Whole frames further apart than this tell too little. */
export const sparseSeconds = 15;

const measure = `scale=160:90:flags=fast_bilinear,format=gray,scdet=threshold=5,metadata=mode=print:file=${inspectFiles.scenes}`;

/** Decides what inspecting makes of a source. */
export function planInspect(facts: SourceFacts, sourceUrl: string, framePixels: number, canToneMap: boolean): InspectPlan {
  const { probe } = facts;
  const scale = Math.min(1, proxyShortSide / Math.min(probe.width, probe.height));
  return {
    facts,
    sourceUrl,
    framePixels,
    copiesProxy: isPlayable(facts),
    proxyWidth: toEven(probe.width * scale),
    proxyHeight: toEven(probe.height * scale),
    canToneMap,
  };
}

function toEven(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}

function isPlayable({ probe, container, pixelFormat, sampleAspect, bitRate, storedWidth, storedHeight }: SourceFacts): boolean {
  return (
    (container === 'mov' || container === 'matroska') &&
    probe.videoCodec === 'h264' &&
    pixelFormat === 'yuv420p' &&
    !probe.isHdr &&
    probe.rotationDegrees === 0 &&
    sampleAspect === 1 &&
    Math.min(storedWidth, storedHeight) <= 1080 &&
    Math.max(storedWidth, storedHeight) <= 1920 &&
    bitRate <= copyBitRate &&
    (probe.audioCodec === null || probe.audioCodec === 'aac')
  );
}

/**
 * The one pass over the source: proxy, 16 kHz sound, samples on standard output, and picture differences in a file.
 *
 * When the proxy is a copy, only whole frames are decoded, those that need no other: a twentieth of the work, and still every cut of an
 * encoder that puts one there. One that puts them at even distances only shows a cut up to one distance late; the look at a clip's own
 * span, before it is framed, finds it to the frame.
 */
export function inspectArgs(plan: InspectPlan): string[] {
  const { facts, copiesProxy } = plan;
  const decode = copiesProxy ? decodeSome(facts.probe.durationSeconds < shortSeconds ? 'bidir' : 'nointra') : [];
  const graph = copiesProxy
    ? `[0:V:0]${measure}[measured]`
    : `[0:V:0]${proxyFilter(plan)},split=2[proxy][small];[small]${measure}[measured]`;
  const hasAudio = facts.probe.audioCodec !== null;
  const sound = hasAudio ? `;[0:a:0]${keepTimes},${mono},asplit=2[kept][heard]` : '';
  return [
    ...[...quietArgs, '-v', 'error', ...decode, ...sourceInputArgs(facts.container, plan), '-i', plan.sourceUrl],
    ...['-filter_complex', graph + sound],
    ...(copiesProxy ? ['-map', '0:V:0', '-c:v', 'copy'] : ['-map', '[proxy]', ...proxyEncodeArgs]),
    ...(hasAudio ? ['-map', '0:a:0', ...(copiesProxy ? ['-c:a', 'copy'] : proxyAudioArgs)] : []),
    ...[...cleanOutputArgs, '-movflags', '+faststart', '-f', 'mp4', inspectFiles.proxy],
    ...['-map', '[measured]', '-f', 'null', '-'],
    ...(hasAudio ? audioOutputs : []),
  ];
}

/** Looks at all frames that others are made of: for files in which whole frames are too rare to tell anything. */
export function measureArgs({ facts, sourceUrl, framePixels }: InspectPlan): string[] {
  return [
    ...[...quietArgs, '-v', 'error', ...decodeSome('bidir'), ...sourceInputArgs(facts.container, { framePixels }), '-i', sourceUrl],
    ...['-map', '0:V:0', '-vf', measure, '-f', 'null', '-'],
  ];
}

function decodeSome(skipped: 'bidir' | 'nointra'): string[] {
  return ['-threads', '1', '-skip_frame', skipped, '-skip_loop_filter', 'all'];
}

function proxyFilter({ facts, proxyWidth, proxyHeight, canToneMap }: InspectPlan): string {
  const rate = facts.probe.frameRate > 31 ? ['fps=30'] : [];
  const colour = facts.probe.isHdr && canToneMap ? [colourToSdr] : [];
  return [...rate, `scale=${proxyWidth}:${proxyHeight}:flags=bilinear:out_range=tv`, ...colour, 'setsar=1', 'format=yuv420p'].join(',');
}

const proxyEncodeArgs = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '24', '-pix_fmt', 'yuv420p'],
  ...['-force_key_frames', `expr:gte(t,n_forced*${keySeconds})`],
];
// Sound that starts late or has gaps keeps its place: a transcript's times are times of the picture.
const keepTimes = 'aresample=async=1:first_pts=0';
const proxyAudioArgs = ['-af', keepTimes, '-c:a', 'aac', '-b:a', '128k', '-ac', '2'];
const mono = `aformat=sample_fmts=s16:sample_rates=${audioSampleRate}:channel_layouts=mono`;
const audioOutputs = [
  ...['-map', '[kept]', ...cleanOutputArgs, '-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac', inspectFiles.audio],
  ...['-map', '[heard]', '-c:a', 'pcm_s16le', '-f', 's16le', 'pipe:1'],
];

/** One representative frame from the second and a half that begins at `atSeconds`. */
export function thumbnailArgs({ facts, sourceUrl, framePixels, canToneMap }: InspectPlan, atSeconds: number): string[] {
  const { width, height } = facts.probe;
  const scale = Math.min(1, thumbnailWidth / width);
  const colour = facts.probe.isHdr && canToneMap ? `,${colourToSdr}` : '';
  const size = `scale=${toEven(width * scale)}:${toEven(height * scale)}:flags=bicubic${colour},setsar=1`;
  return [
    ...[...quietArgs, '-v', 'error', '-skip_frame', 'bidir', '-ss', atSeconds.toFixed(3), '-t', '1.5'],
    ...[...sourceInputArgs(facts.container, { framePixels }), '-i', sourceUrl, '-map', '0:V:0', '-an'],
    ...['-vf', `thumbnail=12,${size}`, '-frames:v', '1', ...cleanOutputArgs, '-q:v', '3', '-f', 'mjpeg', inspectFiles.thumbnail],
  ];
}
