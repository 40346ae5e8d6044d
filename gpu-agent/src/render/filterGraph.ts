/** Builds the filter graph of a render: every segment cut, framed and scaled, joined, and captioned. */
import type { CameraPoint, SegmentFraming, View } from '../framing/framing.ts';
import { colourToSdr } from '../media/colour.ts';
import type { Bumper, ClipBranding, Logo } from './branding.ts';
import { beepFilter, muteFilter, type SoundSpan } from './censor.ts';
import { type FrameRate, rateValue, type Timeline } from './timeline.ts';

export interface GraphPlan {
  timeline: Timeline;
  width: number;
  height: number;
  framing: readonly SegmentFraming[];
  hasAudio: boolean;
  /** Whether the source's pictures come in two fields that were taken one after the other. */
  isInterlaced?: boolean | undefined;
  /** Whether the picture needs to be brought from HDR to ordinary colours. */
  mapsTone: boolean;
  /** Whether this ffmpeg can do that, for the files of a brand. */
  canToneMap?: boolean | undefined;
  hasCaptions: boolean;
  gain: AudioGain | null;
  /** Frames that are also written as pictures, in order; without captions. */
  covers: readonly number[];
  branding: ClipBranding;
}

/** What is done to the sound: a fixed gain, and a limiter where that would go over the peak. */
export interface AudioGain {
  gainDb: number;
  limitDb: number | null;
  /** Limits at twice the sample rate, where peaks between samples are seen; costs more, and few recordings need it. */
  isOversampled?: boolean;
  /** Spans of silence that get a tone. */
  beeped?: readonly SoundSpan[];
}

/** Names of the files a render writes, inside its scratch folder. */
export const renderFiles = {
  video: 'video.mp4',
  covers: 'cover%d.jpg',
  coverOf: (number: number) => `cover${number}.jpg`,
  captions: 'captions.ass',
  fonts: 'fonts',
  brandFont: 'brand.ttf',
  srt: 'captions.srt',
  vtt: 'captions.vtt',
  words: 'words.json',
  sound: 'sound.wav',
  surrounded: 'surrounded.wav',
  scenes: 'scenes.txt',
  cameraOf: (name: string) => `camera${name}.cmd`,
} as const;

export const clipSampleRate = 48_000;
/** Long enough that a join does not click, too short to be heard. */
export const joinFadeSeconds = 0.012;

/** The graph; its outputs are [video] and [audio]. */
export function buildFilterGraph(plan: GraphPlan): string {
  const count = plan.timeline.segments.length;
  const videos = plan.timeline.segments.map((_, index) => videoChain(plan, index));
  const joined = count === 1 ? '[v0]' : `${labels('v', count)}concat=n=${count}:v=1:a=0[joined];[joined]`;
  // First in the graph, so that it lets go of each frame before captions are drawn on it; the other way round every frame is copied.
  const picked = plan.covers.length === 0 ? joined : `${joined}split=2[pick][full];${coverChain(plan)};[full]`;
  const captions = plan.hasCaptions ? `ass=${renderFiles.captions}:fontsdir=${renderFiles.fonts}` : 'null';
  const { intro, outro, logo } = plan.branding;
  const around = intro === null && outro === null ? picked : `${picked}null[clip];${surroundVideo(plan)}`;
  const finish = logo === null ? `${around}${captions}[video]` : `${around}${captions}[drawn];${logoChain(plan, logo)}`;
  return [...videos, finish, audioGraph(plan)].join(';');
}

/** Intro and outro before and behind [clip]; ends in the label that goes on. */
function surroundVideo(plan: GraphPlan): string {
  const { intro, outro } = plan.branding;
  const first = plan.timeline.segments.length + (plan.hasAudio ? 1 : 0);
  const chains = [
    ...(intro === null ? [] : [bumperChain(plan, intro, first, 'intro')]),
    ...(outro === null ? [] : [bumperChain(plan, outro, first + (intro === null ? 0 : 1), 'outro')]),
  ];
  const parts = [intro === null ? '' : '[vintro]', '[clip]', outro === null ? '' : '[voutro]'];
  return `${chains.join(';')};${parts.join('')}concat=n=${parts.filter(Boolean).length}:v=1:a=0[whole];[whole]`;
}

function bumperChain(plan: GraphPlan, bumper: Bumper, input: number, name: string): string {
  const { numerator, denominator } = plan.timeline.rate;
  const fields = bumper.isInterlaced ? 'bwdif=mode=send_frame:deint=interlaced,' : '';
  const still = bumper.isStill ? `loop=loop=-1:size=1,setpts=N*${denominator}/(${numerator}*TB),` : '';
  const hold = bumper.isStill ? '' : 'tpad=stop=-1:stop_mode=clone,';
  const grid = `[${input}:v:0]${still}${fields}fps=fps=${numerator}/${denominator}:start_time=0,${hold}trim=end_frame=${bumper.frames}`;
  return fitChain(grid, plan, name, finishFilters(bumper.isHdr && plan.canToneMap === true));
}

function finishFilters(mapsTone: boolean): string {
  return [...(mapsTone ? [colourToSdr] : []), 'setsar=1', 'format=yuv420p'].join(',');
}

const logoMargin = 0.045;
/** A tall logo is held to this share of the height. */
const logoHeight = 0.2;

/** The logo over [drawn], where and while it is wanted, but never over intro and outro. */
function logoChain(plan: GraphPlan, { place }: Logo): string {
  const { width, height, branding, timeline, hasAudio } = plan;
  const bumpers = [branding.intro, branding.outro].filter((bumper) => bumper !== null).length;
  const input = timeline.segments.length + (hasAudio ? 1 : 0) + bumpers;
  const second = (frames: number) => (frames * timeline.rate.denominator) / timeline.rate.numerator;
  const start = second(branding.intro?.frames ?? 0) + place.fromSeconds;
  const clipEnd = second((branding.intro?.frames ?? 0) + timeline.frameCount);
  const end = place.durationSeconds === null ? clipEnd : Math.min(clipEnd, start + place.durationSeconds);
  const box = `${toEven(width * place.width)}:${toEven(height * logoHeight)}`;
  const [vertical, horizontal] = place.position.split('_');
  const x = horizontal === 'left' ? Math.round(width * logoMargin) : `W-w-${Math.round(width * logoMargin)}`;
  const y = vertical === 'top' ? Math.round(height * logoMargin) : `H-h-${Math.round(height * logoMargin)}`;
  // Half a frame early on both sides, so that rounding moves neither.
  const half = second(0.5);
  const time = `gte(t,${(start - half).toFixed(5)})*lt(t,${(end - half).toFixed(5)})`;
  return [
    `[${input}:v:0]format=rgba,scale=${box}:flags=bicubic:force_original_aspect_ratio=decrease,colorchannelmixer=aa=${place.opacity}[logo]`,
    `[drawn][logo]overlay=x=${x}:y=${y}:eof_action=repeat:enable='${time}',format=yuv420p[video]`,
  ].join(';');
}

/** Frames of the finished file. */
export function totalFrames({ timeline, branding: { intro, outro } }: Pick<GraphPlan, 'timeline' | 'branding'>): number {
  return (intro?.frames ?? 0) + timeline.frameCount + (outro?.frames ?? 0);
}

/** One after the other on the time line, so that the writer of pictures neither repeats nor drops one. */
function coverChain({ covers, timeline: { rate } }: GraphPlan): string {
  const wanted = covers.map((frame) => `eq(n,${frame})`).join('+');
  return `[pick]select='${wanted}',setpts=N*${rate.denominator}/(${rate.numerator}*TB)[covers]`;
}

function labels(prefix: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `[${prefix}${index}]`).join('');
}

function videoChain(plan: GraphPlan, index: number): string {
  const { timeline, width, height, mapsTone } = plan;
  const segment = timeline.segments[index];
  const framing = plan.framing[index] ?? { kind: 'fit' };
  const { numerator, denominator } = timeline.rate;
  // Only frames that say they are interlaced are worked on; a progressive frame passes as it is.
  const fields = plan.isInterlaced ? 'bwdif=mode=send_frame:deint=interlaced,' : '';
  // A picture track that ends before the sound holds its last frame; the trim ends it exactly on the grid.
  const grid = `[${index}:V:0]${fields}fps=fps=${numerator}/${denominator}:start_time=0,tpad=stop=-1:stop_mode=clone,trim=end_frame=${segment?.frames ?? 0}`;
  const finish = finishFilters(mapsTone);
  const scale = `scale=${width}:${height}:flags=bicubic:out_range=tv`;
  if (framing.kind === 'whole') {
    return `${grid},${scale},${finish}[v${index}]`;
  }
  if (framing.kind === 'crop') {
    return `${grid},${cropFilter(framing, index)},${scale},${finish}[v${index}]`;
  }
  if (framing.kind === 'panels') {
    return panelsChain(grid, framing.panels, plan, index, finish);
  }
  return fitChain(grid, plan, String(index), finish);
}

/** Cameras are numbered from the segment's first; panels of a segment have one each. */
function cropFilter(view: View, segment: number, panel = 0): string {
  const first = view.path[0] ?? { left: (1 - view.widthShare) / 2, top: (1 - view.heightShare) / 2 };
  const name = cameraName(segment, panel);
  const moves = view.path.length > 1 ? `sendcmd=f=${renderFiles.cameraOf(name)},` : '';
  const size = `w=floor(iw*${share(view.widthShare)}/2)*2:h=floor(ih*${share(view.heightShare)}/2)*2`;
  return `${moves}crop@c${name}=${size}:x=iw*${share(first.left)}:y=ih*${share(first.top)}`;
}

/** Several parts of the picture, each in its cell; the last in a row or column takes what rounding leaves. */
function panelsChain(
  grid: string,
  panels: Extract<SegmentFraming, { kind: 'panels' }>['panels'],
  { width, height }: GraphPlan,
  index: number,
  finish: string,
): string {
  const name = (prefix: string, panel: number) => `[${prefix}${index}p${panel}]`;
  const places = panels.map(({ cell }) => {
    const [x, y] = [evenPart(cell.left, width), evenPart(cell.top, height)];
    return { x, y, width: evenPart(cell.left + cell.width, width) - x, height: evenPart(cell.top + cell.height, height) - y };
  });
  const chains = panels.map(({ view }, panel) => {
    const place = places[panel] ?? { x: 0, y: 0, width, height };
    const scale = `scale=${place.width}:${place.height}:flags=bicubic:out_range=tv,setsar=1`;
    return `${name('s', panel)}${cropFilter(view, index, panel)},${scale}${name('t', panel)}`;
  });
  const layout = places.map(({ x, y }) => `${x}_${y}`).join('|');
  const split = panels.map((_, panel) => name('s', panel)).join('');
  const stacked = panels.map((_, panel) => name('t', panel)).join('');
  return [
    `${grid},split=${panels.length}${split}`,
    ...chains,
    `${stacked}xstack=inputs=${panels.length}:layout=${layout}:shortest=1,${finish}[v${index}]`,
  ].join(';');
}

function evenPart(part: number, length: number): number {
  return Math.round((part * length) / 2) * 2;
}

/** The name of the camera of a segment, or of one of its panels, in file names and commands. */
export function cameraName(segment: number, panel: number): string {
  return panel === 0 ? String(segment) : `${segment}p${panel}`;
}

/** The whole picture over a blurred and darkened copy that fills the frame; the blur is made small, where it is cheap. */
function fitChain(grid: string, { width, height }: GraphPlan, index: string, finish: string): string {
  const small = { width: toEven(width / 12), height: toEven(height / 12) };
  const back = [
    `scale=${small.width}:${small.height}:force_original_aspect_ratio=increase:flags=area:out_range=tv`,
    `crop=${small.width}:${small.height}`,
    'setsar=1,format=yuv420p,gblur=sigma=6',
    'eq=brightness=-0.12:saturation=1.1',
    `scale=${width}:${height}:flags=bicubic`,
  ].join(',');
  // The display shape, because a picture may have pixels that are not square.
  const front = [
    `scale=w='min(${width},trunc(${height}*dar/2)*2)':h='min(${height},trunc(${width}/dar/2)*2)':flags=bicubic:out_range=tv`,
    'setsar=1',
  ].join(',');
  return [
    `${grid},split=2[f${index}][b${index}]`,
    `[b${index}]${back}[back${index}]`,
    `[f${index}]${front}[front${index}]`,
    `[back${index}][front${index}]overlay=(W-w)/2:(H-h)/2:shortest=1,${finish}[v${index}]`,
  ].join(';');
}

/** The sound was joined and written when it was measured; here it only gets its gain. */
function audioGraph(plan: GraphPlan): string {
  const { timeline, hasAudio, gain } = plan;
  if (!hasAudio) {
    return `anullsrc=r=${clipSampleRate}:cl=stereo,atrim=end_sample=${samplesAt(totalFrames(plan), timeline.rate)}[audio]`;
  }
  return `[${timeline.segments.length}:a:0]${gainFilter(gain)}aformat=sample_fmts=fltp:sample_rates=${clipSampleRate}[audio]`;
}

/**
 * Sound of all segments, each exactly as long as its picture, with short fades where they meet. In floating point, so that peaks of
 * loud sources and of channels mixed together are lowered later instead of being cut off here.
 */
export function joinedAudio(timeline: Timeline, output: string, muted: readonly SoundSpan[] = []): string {
  const count = timeline.segments.length;
  const chains = timeline.segments.map((_, index) => `${segmentAudio(timeline, index)}[a${index}]`);
  const joined = count === 1 ? '[a0]' : `${labels('a', count)}concat=n=${count}:v=0:a=1,`;
  return [...chains, `${joined}${muteFilter(muted)}aformat=sample_fmts=flt:sample_rates=${clipSampleRate}${output}`].join(';');
}

function segmentAudio({ segments, rate }: Timeline, index: number): string {
  const segment = segments[index];
  const first = segment?.outFrame ?? 0;
  const samples = samplesAt(first + (segment?.frames ?? 0), rate) - samplesAt(first, rate);
  const fadeSamples = Math.round(joinFadeSeconds * clipSampleRate);
  return [
    `[${index}:a:0]aresample=${clipSampleRate}:async=1:first_pts=0`,
    'aformat=channel_layouts=stereo',
    `apad=whole_len=${samples}`,
    `atrim=end_sample=${samples}`,
    `afade=t=in:ns=${fadeSamples}`,
    `afade=t=out:ss=${Math.max(0, samples - fadeSamples)}:ns=${fadeSamples}`,
  ].join(',');
}

/** The filters of a gain, ending in a comma; empty when nothing is to be done. */
export function gainFilter(gain: AudioGain | null): string {
  if (gain === null) {
    return '';
  }
  const volume = `volume=${gain.gainDb.toFixed(2)}dB,`;
  const beep = beepFilter(gain.beeped ?? []);
  if (gain.limitDb === null) {
    return volume + beep;
  }
  const limit = `alimiter=limit=${(10 ** (gain.limitDb / 20)).toFixed(5)}:attack=2:release=60:level=0,`;
  return (gain.isOversampled ? `${volume}aresample=${clipSampleRate * 2},${limit}aresample=${clipSampleRate},` : volume + limit) + beep;
}

/** Samples before a frame. */
export function samplesAt(frame: number, rate: FrameRate): number {
  return Math.round((frame * rate.denominator * clipSampleRate) / rate.numerator);
}

/** Writes a camera path as commands for the crop filter of that name; each takes effect on its frame. */
export function cameraCommands(path: readonly CameraPoint[], name: string, rate: FrameRate): string {
  return path
    .slice(1)
    .map((point) => {
      // Half a frame early, so that rounding can never put a command one frame late.
      const time = Math.max(0, (point.frame - 0.5) / rateValue(rate)).toFixed(5);
      return `${time} crop@c${name} x iw*${share(point.left)}, crop@c${name} y ih*${share(point.top)};\n`;
    })
    .join('');
}

function share(value: number): string {
  return Math.min(1, Math.max(0, value)).toFixed(6);
}

function toEven(length: number): number {
  return Math.max(2, Math.round(length / 2) * 2);
}
