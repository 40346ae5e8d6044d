/** Looks at the spans of a clip: small pictures into a file, and where the cuts are. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Probe } from '@carmic/contract';
import { quietArgs } from '../ffmpeg/safety.ts';
import { describeRunError } from '../media/describeRunError.ts';
import type { TaskContext } from '../media/task.ts';
import { type RenderInput, segmentInputs } from '../render/renderArgs.ts';
import { rateValue, type Timeline } from '../render/timeline.ts';

/** What was seen of one segment, as raw YUV 4:2:0 pictures in a file. Times count from the segment's beginning. */
export interface SegmentLook {
  rawPath: string;
  width: number;
  height: number;
  /** Time of each picture in the raw file. */
  timesSeconds: readonly number[];
  cutsSeconds: readonly number[];
}

/** Smaller than this, the faces of a wide shot are doubted by the second look. */
const longSide = 640;
/** Kept pictures are at least this far apart: enough to see a mouth move. */
const keepEverySeconds = 0.14;
const cutThreshold = 5;
/** What follows a cut more closely is the same cut seen twice. */
const shortestShotSeconds = 0.25;
/** Cuts that are looked at again in full; a clip with more of them is a montage, where three frames do not show. */
const refinedCuts = 12;

/** Looks at one segment, decoding only the frames that other frames are made of: a quarter of the work. */
export async function lookAt(
  context: TaskContext,
  input: RenderInput,
  probe: Probe,
  timeline: Timeline,
  index: number,
): Promise<SegmentLook> {
  const { width, height } = lookSize(probe);
  const files = { raw: `look${index}.raw`, all: `look${index}-all.txt`, kept: `look${index}-kept.txt`, keys: `look${index}-keys.txt` };
  const graph = [
    `[0:V:0]scale=${width}:${height}:flags=area,format=yuv420p,scdet=threshold=${cutThreshold},${print(files.all)},split=2[seen][key]`,
    `[key]select='eq(pict_type,I)',${print(files.keys)},nullsink`,
    // A constant rate, so that not one picture is doubled or dropped; the true times are in the file.
    `[seen]select='isnan(prev_selected_t)+gte(t-prev_selected_t,${keepEverySeconds})',${print(files.kept)},settb=1/25,setpts=N[kept]`,
  ].join(';');
  const only = oneSegment(timeline, index);
  const inputs = segmentInputs(input, only, ['-an', '-skip_frame', 'bidir', '-skip_loop_filter', 'all']);
  await run(context, [
    ...[...quietArgs, '-v', 'error', ...inputs, '-filter_complex', graph],
    ...['-map', '[kept]', '-r', '25', '-f', 'rawvideo', files.raw],
  ]);
  const read = (name: string) => readFile(join(context.directory, name), 'utf8');
  const seconds = (timeline.segments[index]?.frames ?? 0) / rateValue(timeline.rate);
  const all = readTimes(await read(files.all));
  const keys = new Set(readTimes(await read(files.keys)).map((entry) => entry.timeSeconds));
  const cuts = await exactCuts(context, input, probe, only, all, keys);
  return {
    rawPath: join(context.directory, files.raw),
    width,
    height,
    timesSeconds: readTimes(await read(files.kept)).map((entry) => entry.timeSeconds),
    cutsSeconds: cuts.filter((cut) => cut > 0 && cut < seconds),
  };
}

/** Bytes of one raw picture; the first `width * height` of them are its brightness. */
export function pictureBytes({ width, height }: { width: number; height: number }): number {
  return (width * height * 3) / 2;
}

/** The size pictures are looked at in; a multiple of four, which suits every scaler. */
export function lookSize({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const scale = longSide / Math.max(width, height);
  const toFour = (length: number) => Math.max(16, Math.round((length * scale) / 4) * 4);
  return { width: toFour(width), height: toFour(height) };
}

function print(file: string): string {
  return `metadata=mode=print:file=${file}`;
}

function oneSegment({ rate, segments }: Timeline, index: number): Timeline {
  const chosen = segments.slice(index, index + 1);
  const frameCount = chosen[0]?.frames ?? 0;
  return { rate, segments: chosen, frameCount, durationSeconds: frameCount / rateValue(rate) };
}

interface SeenFrame {
  timeSeconds: number;
  isCut: boolean;
}

/** Reads what metadata=print wrote. */
export function readTimes(text: string): SeenFrame[] {
  const frames: SeenFrame[] = [];
  for (const line of text.split('\n')) {
    const time = /pts_time:(-?[\d.]+)/.exec(line);
    const last = frames.at(-1);
    if (time) {
      frames.push({ timeSeconds: Number(time[1]), isCut: false });
    } else if (last && line.startsWith('lavfi.scd.time=')) {
      last.isCut = true;
    }
  }
  return frames;
}

/**
 * Times of the first frames behind the cuts.
 *
 * With frames left out, the frame on which a cut is seen may come a little late. It is exact when it is a key frame (where encoders put
 * cuts) or when its predecessor was seen too; any other is looked at again with every frame.
 */
async function exactCuts(
  context: TaskContext,
  input: RenderInput,
  probe: Probe,
  segment: Timeline,
  frames: readonly SeenFrame[],
  keys: ReadonlySet<number>,
): Promise<number[]> {
  const cuts: number[] = [];
  let refined = 0;
  for (const [index, frame] of frames.entries()) {
    const before = frames[index - 1];
    if (!frame.isCut || !before || frame.timeSeconds - (cuts.at(-1) ?? -1) < shortestShotSeconds) {
      continue;
    }
    const isExact = keys.has(frame.timeSeconds) || frame.timeSeconds - before.timeSeconds < 1.5 / probe.frameRate;
    if (isExact || refined >= refinedCuts) {
      cuts.push(frame.timeSeconds);
      continue;
    }
    refined += 1;
    cuts.push((await refineCut(context, input, probe, segment, before.timeSeconds, frame.timeSeconds)) ?? frame.timeSeconds);
  }
  return cuts;
}

async function refineCut(
  context: TaskContext,
  input: RenderInput,
  probe: Probe,
  segment: Timeline,
  from: number,
  to: number,
): Promise<number | null> {
  const start = segment.segments[0];
  if (!start) {
    return null;
  }
  const offset = Math.max(0, from - 0.2);
  const frames = Math.max(2, Math.ceil((to - offset + 0.1) * rateValue(segment.rate)));
  const window: Timeline = { ...segment, segments: [{ ...start, sourceSeconds: start.sourceSeconds + offset, frames }] };
  const { width, height } = lookSize(probe);
  const filter = `scale=${width}:${height}:flags=area,format=yuv420p,scdet=threshold=${cutThreshold},${print('cut.txt')}`;
  const args = [...quietArgs, '-v', 'error', ...segmentInputs(input, window, ['-an']), '-map', '0:V:0', '-vf', filter, '-f', 'null', '-'];
  await run(context, args);
  const found = readTimes(await readFile(join(context.directory, 'cut.txt'), 'utf8')).find(
    (frame) => frame.isCut && frame.timeSeconds + offset > from && frame.timeSeconds + offset <= to + 0.001,
  );
  return found ? found.timeSeconds + offset : null;
}

async function run(context: TaskContext, args: string[]): Promise<void> {
  try {
    await context.run({
      program: 'ffmpeg',
      args,
      directory: context.directory,
      limits: { wallSeconds: 900, fileBytes: 4e9 },
      signal: context.signal,
      readsSource: true,
    });
  } catch (error) {
    throw describeRunError(error, 'render_failed', 'Looking at the picture');
  }
}
