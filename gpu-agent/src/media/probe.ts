import type { Probe } from '@carmic/contract';
import { z } from 'zod';
import { decodableCodecs, sourceInputArgs } from '../ffmpeg/safety.ts';
import { RunError } from '../ffmpeg/run.ts';
import { describeRunError } from './describeRunError.ts';
import { type Container, sniffBytes, sniffContainer } from './sniff.ts';
import type { TaskContext } from './task.ts';
import { TaskFailure } from './taskFailure.ts';

/** What inspecting needs to know beyond the probe that everybody sees. */
export interface SourceFacts {
  probe: Probe;
  container: Container;
  pixelFormat: string;
  sampleAspect: number;
  /** Bits per second over the whole file. */
  bitRate: number;
  /** Size as stored, before rotation and pixel shape. */
  storedWidth: number;
  storedHeight: number;
  audioSampleRate: number;
}

export interface ProbeLimits {
  durationSeconds: number;
  framePixels: number;
}

const ratioSchema = z.string().transform((text) => {
  const [top, bottom] = text.split(/[/:]/).map(Number);
  return top !== undefined && bottom !== undefined && bottom > 0 ? top / bottom : 0;
});

const streamSchema = z.object({
  codec_type: z.string().default('unknown'),
  codec_name: z.string().optional(),
  width: z.number().default(0),
  height: z.number().default(0),
  pix_fmt: z.string().default('unknown'),
  sample_aspect_ratio: ratioSchema.default(1),
  avg_frame_rate: ratioSchema.default(0),
  r_frame_rate: ratioSchema.default(0),
  color_transfer: z.string().default(''),
  field_order: z.string().default(''),
  channels: z.number().default(0),
  sample_rate: z.coerce.number().default(0),
  duration: z.coerce.number().default(0),
  disposition: z.object({ attached_pic: z.number().default(0) }).default({ attached_pic: 0 }),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
});
type Stream = z.infer<typeof streamSchema>;

const answerSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z.object({ duration: z.coerce.number().default(0), bit_rate: z.coerce.number().default(0) }).prefault({}),
});

/**
 * Finds out what a source is, and refuses what cannot be worked on.
 *
 * Throws TaskFailure: `empty_file`, `not_a_video`, `playlist_refused`, `truncated`, `no_video_stream`, `unsupported_codec`,
 * `too_long`, `too_many_pixels`, `decode_failed`, `time_limit`.
 */
export async function probeSource(context: TaskContext, limits: ProbeLimits): Promise<SourceFacts> {
  const container = sniffContainer(await context.source.readSpan(0, Math.min(sniffBytes, context.source.sizeBytes)));
  const answer = await askFfprobe(context, container, limits);
  const video = answer.streams.find((stream) => stream.codec_type === 'video' && stream.disposition.attached_pic === 0);
  const audio = usableAudio(answer.streams);
  if (!video) {
    throw new TaskFailure('no_video_stream', 'The file has no picture: it holds only sound or data.');
  }
  checkCodec(video, answer.stderr, limits);
  const durationSeconds = answer.format.duration || video.duration || (await measureDuration(context, container, limits));
  const facts = describe(
    container,
    video,
    audio,
    durationSeconds,
    answer.format.bit_rate || (context.source.sizeBytes * 8) / durationSeconds,
  );
  checkLimits(facts, limits);
  return facts;
}

async function askFfprobe(
  context: TaskContext,
  container: Container,
  limits: ProbeLimits,
): Promise<z.infer<typeof answerSchema> & { stderr: string }> {
  const args = ['-hide_banner', '-v', 'error', ...sourceInputArgs(container, limits), '-show_format', '-show_streams', '-of', 'json'];
  try {
    const { stdout, stderr } = await context.run({
      program: 'ffprobe',
      args: [...args, context.source.localUrl],
      directory: context.directory,
      limits: { wallSeconds: 120, fileBytes: 1024 * 1024 },
      signal: context.signal,
      readsSource: true,
    });
    return { ...answerSchema.parse(JSON.parse(stdout.toString('utf8'))), stderr };
  } catch (error) {
    if (error instanceof RunError && /moov atom not found|EBML header parsing failed|truncat/i.test(error.stderr)) {
      const cause = { cause: error };
      throw new TaskFailure('truncated', 'The file is cut off: the index that a player needs, written last, is missing.', cause);
    }
    const refused = error instanceof RunError ? /Codec \(([\w-]+)\) not on whitelist/.exec(error.stderr)?.[1] : undefined;
    if (refused !== undefined) {
      throw new TaskFailure('unsupported_codec', `The file uses the codec ${refused}, which is not read here.`, { cause: error });
    }
    if (error instanceof RunError && /picture size|exceeds specified max pixel count/i.test(error.stderr)) {
      const most = `at most ${Math.round(limits.framePixels / 1e6)} million pixels are allowed`;
      throw new TaskFailure('too_many_pixels', `The picture is too large; ${most}.`, { cause: error });
    }
    throw describeRunError(error, 'not_a_video', 'Reading the file');
  }
}

/** Containers written by a recorder that was switched off tell no duration: the packets are counted, without decoding. */
async function measureDuration(context: TaskContext, container: Container, limits: ProbeLimits): Promise<number> {
  let seconds = 0;
  try {
    await context.run({
      program: 'ffmpeg',
      args: [
        ...['-hide_banner', '-nostdin', '-v', 'error', ...sourceInputArgs(container, limits), '-i', context.source.localUrl],
        ...['-map', '0:v:0', '-c', 'copy', '-f', 'null', '-'],
      ],
      directory: context.directory,
      limits: { wallSeconds: 1800, fileBytes: 1024 * 1024 },
      signal: context.signal,
      readsSource: true,
      onProgress: (progress) => {
        seconds = progress.outSeconds;
      },
    });
  } catch (error) {
    throw describeRunError(error, 'decode_failed', 'Measuring the length');
  }
  if (seconds <= 0) {
    throw new TaskFailure('decode_failed', 'The file holds no picture that can be read.');
  }
  return seconds;
}

/** The first sound stream is the one that is played; when nobody here can decode it the video counts as silent. */
function usableAudio(streams: readonly Stream[]): Stream | undefined {
  const audio = streams.find((stream) => stream.codec_type === 'audio');
  return audio && audio.channels > 0 && decodableCodecs.has(audio.codec_name ?? '') ? audio : undefined;
}

function checkCodec(video: Stream, stderr: string, limits: ProbeLimits): void {
  if (video.codec_name === undefined || video.codec_name === 'unknown' || !decodableCodecs.has(video.codec_name)) {
    const name = video.codec_name === undefined || video.codec_name === 'unknown' ? 'an unknown codec' : `the codec ${video.codec_name}`;
    throw new TaskFailure('unsupported_codec', `The picture is stored with ${name}, which is not read here.`);
  }
  const size = /Picture size (\d+)x(\d+) exceeds/.exec(stderr);
  if (video.width <= 0 && size) {
    throw tooManyPixels(Number(size[1]), Number(size[2]), limits);
  }
  if (video.width <= 0 || video.height <= 0) {
    throw new TaskFailure('decode_failed', 'The file does not tell the size of its picture.');
  }
}

function checkLimits({ probe, storedWidth, storedHeight }: SourceFacts, limits: ProbeLimits): void {
  if (storedWidth * storedHeight > limits.framePixels || probe.width * probe.height > limits.framePixels * 4) {
    throw tooManyPixels(storedWidth, storedHeight, limits);
  }
  if (probe.durationSeconds > limits.durationSeconds) {
    const minutes = (seconds: number) => `${Math.ceil(seconds / 60)} minutes`;
    throw new TaskFailure(
      'too_long',
      `The video is ${minutes(probe.durationSeconds)} long; at most ${minutes(limits.durationSeconds)} are allowed.`,
    );
  }
}

function tooManyPixels(width: number, height: number, limits: ProbeLimits): TaskFailure {
  const millions = Math.round(limits.framePixels / 1e6);
  return new TaskFailure('too_many_pixels', `The picture has ${width} x ${height} pixels; at most ${millions} million are allowed.`);
}

function describe(container: Container, video: Stream, audio: Stream | undefined, durationSeconds: number, bitRate: number): SourceFacts {
  const rotation = video.side_data_list.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const rotationDegrees = ((Math.round(-rotation) % 360) + 360) % 360;
  const sampleAspect = video.sample_aspect_ratio > 0 ? video.sample_aspect_ratio : 1;
  const width = Math.max(1, Math.round(video.width * sampleAspect));
  const isTurned = rotationDegrees === 90 || rotationDegrees === 270;
  const rate = video.avg_frame_rate > 0 && video.avg_frame_rate < 1000 ? video.avg_frame_rate : video.r_frame_rate;
  return {
    container,
    pixelFormat: video.pix_fmt,
    sampleAspect,
    bitRate,
    storedWidth: video.width,
    storedHeight: video.height,
    audioSampleRate: audio?.sample_rate ?? 0,
    probe: {
      container,
      durationSeconds,
      width: isTurned ? video.height : width,
      height: isTurned ? width : video.height,
      frameRate: rate > 0 && rate < 1000 ? rate : 25,
      rotationDegrees,
      videoCodec: video.codec_name ?? 'unknown',
      isHdr: ['smpte2084', 'arib-std-b67'].includes(video.color_transfer),
      isInterlaced: ['tt', 'bb', 'tb', 'bt'].includes(video.field_order),
      audioCodec: audio?.codec_name ?? null,
      audioChannels: audio?.channels ?? 0,
    },
  };
}
