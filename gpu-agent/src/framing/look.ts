/** Looks at a span of the source: one decode gives every frame small, in order, to whoever watches. */
import type { Probe } from '@carmic/contract';
import { quietArgs } from '../ffmpeg/safety.ts';
import { describeRunError } from '../media/describeRunError.ts';
import type { TaskContext } from '../media/task.ts';
import { type RenderInput, spanInput } from '../render/renderInput.ts';
import { type FrameRate, rateValue } from '../render/timeline.ts';
import { createPictureQueue } from './pictureQueue.ts';

/** A stretch of the source on the clip's frame grid. */
export interface SourceSpan {
  startSeconds: number;
  frames: number;
}

/**
 * A small picture: YUV 4:2:0, its brightness first. Its bytes are used again once the next but one is watched: who keeps it longer copies
 * them.
 */
export interface SmallPicture {
  bytes: Buffer;
  width: number;
  height: number;
}

/** A picture that stays as it is. */
export function keepPicture(picture: SmallPicture): SmallPicture {
  return { ...picture, bytes: Buffer.from(picture.bytes) };
}

export interface LookRequest {
  input: RenderInput;
  probe: Probe;
  rate: FrameRate;
  span: SourceSpan;
}

/** Pictures decoded ahead while one is looked at: as long as a look takes on a slow core, at 60 frames a second; 8 MB. */
const picturesAhead = 24;

/** Faces of 20 pixels in 1080 lines are found in pictures of this width, and larger ones find no more (docs/framing.md). */
const longSide = 640;

/**
 * Shows every frame of a span to `watch`, in order, one at a time. Where it answers a promise the next waits for it, and decoding goes on for
 * `picturesAhead` pictures at most; where it answers nothing, as for most frames, nothing is waited for: to hold the pipe and let go of it again
 * for each of its pieces costs more than what is done with the frames.
 *
 * Frames lie on the same grid as those of the render, so that frame numbers mean the same in both. One thread, without the loop
 * filter, with the decoder's shortcuts and the quickest scaler: what a detector and a difference of pictures need is left, at two thirds of the cost.
 */
export async function lookAtSpan(
  request: LookRequest,
  context: TaskContext,
  watch: (picture: SmallPicture, frame: number) => Promise<void> | void,
): Promise<number> {
  const { width, height } = lookSize(request.probe);
  const queue = createPictureQueue((width * height * 3) / 2, picturesAhead, (bytes, frame) => watch({ bytes, width, height }, frame));
  try {
    await context.run({
      program: 'ffmpeg',
      args: lookArgs(request),
      directory: context.directory,
      limits: { wallSeconds: 300 + (request.span.frames / rateValue(request.rate)) * 30, fileBytes: 1_000_000 },
      signal: context.signal,
      readsSource: true,
      onOutput: queue.take,
    });
  } catch (error) {
    // What is being looked at still has its bytes from here; its fault, if it has one, came after this one.
    await queue.end().catch(() => undefined);
    throw describeRunError(error, 'render_failed', 'Looking at the picture');
  }
  return queue.end();
}

/** Arguments of one look. */
export function lookArgs({ input, probe, rate, span }: LookRequest): string[] {
  const { width, height } = lookSize(probe);
  const fps = `${rate.numerator}/${rate.denominator}`;
  const graph = `fps=fps=${fps}:start_time=0,trim=end_frame=${span.frames},scale=${width}:${height}:flags=fast_bilinear,format=yuv420p`;
  return [
    ...[...quietArgs, '-v', 'error', '-threads', '1', '-skip_loop_filter', 'all', '-flags2', 'fast', '-an'],
    ...spanInput(input, span.startSeconds, span.frames / rateValue(rate)),
    ...['-map', '0:V:0', '-vf', graph, '-f', 'rawvideo', 'pipe:1'],
  ];
}

/** The size pictures are looked at in; a multiple of four, which suits every scaler. */
export function lookSize({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const scale = longSide / Math.max(width, height);
  const toFour = (length: number) => Math.max(16, Math.round((length * scale) / 4) * 4);
  return { width: toFour(width), height: toFour(height) };
}
