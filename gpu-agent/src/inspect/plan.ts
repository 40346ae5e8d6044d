import { cleanOutputArgs, ownInputArgs, quietArgs, sourceInputArgs } from '../ffmpeg/safety.ts';
import { colourToSdr } from '../media/colour.ts';
import type { SourceFacts } from '../media/probe.ts';

/** Names of the files that inspecting writes, inside its scratch folder. */
export const inspectFiles = {
  proxy: 'proxy.mp4',
  audio: 'audio.flac',
  keys: 'keys.mkv',
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
/** Of whole frames at even distances, one in so many seconds is looked at. */
const lookSeconds = 3.9;

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
 * When the proxy is a copy, nothing but the picture of a short source is decoded here: of a longer one those frames that need no other are copied
 * aside, for `keysArgs` to look at.
 */
export function inspectArgs(plan: InspectPlan): string[] {
  const { facts, copiesProxy } = plan;
  const setsAside = setsKeysAside(plan);
  const hasAudio = facts.probe.audioCodec !== null;
  const picture = copiesProxy
    ? `[0:V:0]${measure}[measured]`
    : `[0:V:0]${proxyFilter(plan)},split=2[proxy][small];[small]${measure}[measured]`;
  const sound = `[0:a:0]${keepTimes},${mono},asplit=2[kept][heard]`;
  const graph = [...(setsAside ? [] : [picture]), ...(hasAudio ? [sound] : [])].join(';');
  return [
    ...[
      ...quietArgs,
      '-v',
      'error',
      ...(copiesProxy ? decodeSome('bidir') : []),
      ...sourceInputArgs(facts.container, plan),
      '-i',
      plan.sourceUrl,
    ],
    ...(graph === '' ? [] : ['-filter_complex', graph]),
    ...(copiesProxy ? ['-map', '0:V:0', '-c:v', 'copy'] : ['-map', '[proxy]', ...proxyEncodeArgs]),
    ...(hasAudio ? ['-map', '0:a:0', ...(copiesProxy ? ['-c:a', 'copy'] : proxyAudioArgs)] : []),
    ...[...cleanOutputArgs, '-movflags', '+faststart', '-f', 'mp4', inspectFiles.proxy],
    ...(setsAside ? keysOutput(facts.probe.frameRate) : ['-map', '[measured]', '-f', 'null', '-']),
    ...(hasAudio ? audioOutputs : []),
  ];
}

/** Whether whole frames are set aside by the pass over the source, and looked at afterwards. */
export function setsKeysAside({ facts, copiesProxy }: InspectPlan): boolean {
  return copiesProxy && facts.probe.durationSeconds >= shortSeconds;
}

/**
 * Copies whole frames: every one that does not follow as evenly as those before it, because an encoder put it at a cut, and of the others one in
 * `lookSeconds`. Times are counted in packets: what a bitstream filter is told of a time base differs between versions of ffmpeg.
 *
 * Memory of the expression: 0 the last one copied, 1 the last one, 2 its distance to the one before. At 0 a packet stays, at 1 it is dropped.
 */
function keysOutput(frameRate: number): string[] {
  const isDue = `gte(n-ld(0),${Math.round(lookSeconds * frameRate)})`;
  const isUneven = 'gt(abs(n-ld(1)-ld(2)),1)';
  const choose = `if(not(n)+${isDue}+${isUneven},0*st(0,n),1)`;
  // The first is copied in whatever case: without one packet there would be no file to open.
  const drop = `if(key+not(n),${choose}+0*st(2,n-ld(1))+0*st(1,n),1)`;
  return [
    ...['-map', '0:V:0', '-c:v', 'copy', '-bsf:v', `noise=drop=${drop.replaceAll(',', String.raw`\,`)}`],
    ...[...cleanOutputArgs, '-f', 'matroska', inspectFiles.keys],
  ];
}

/** Looks at the frames that were set aside. */
export function keysArgs(): string[] {
  return [
    ...[...quietArgs, '-v', 'error', ...decodeSome('nointra'), ...ownInputArgs('matroska'), '-i', inspectFiles.keys],
    ...['-map', '0:V:0', '-vf', measure, '-f', 'null', '-'],
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
