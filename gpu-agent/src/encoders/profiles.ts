/**
 * Every picture encoder the agent may use, as argument lists.
 *
 * Frames come from the processor (decode, crop, scale, captions); only the encode is the card's. A list of variants goes from the best
 * settings to the plainest: older cards refuse B frames as references, a few refuse B frames at all, and some drivers know only the
 * low-power entry. `steps` are quality values from the ordinary one to better ones, for cards whose picture falls behind libx264.
 */
import { type EncoderFamily, encodingLadders, type TunedEncoder, type VideoCodec } from '@carmic/contract';

/** One way to encode, ready for a command line. */
export interface EncoderProfile {
  name: string;
  codec: VideoCodec;
  family: EncoderFamily;
  /** Options that stand before the first input. */
  deviceArgs: readonly string[];
  /** Filter that brings a finished frame to the device; null where the encoder takes it from memory. */
  uploadFilter: string | null;
  /** Options that stand before the output. */
  encodeArgs: readonly string[];
}

export interface EncoderKind {
  name: string;
  codec: VideoCodec;
  family: EncoderFamily;
  variantCount: number;
  stepCount: number;
  /** Builds the profile of one variant and one quality step, each counted from 0. */
  profile(variant: number, step: number): EncoderProfile;
}

/** File that a VAAPI encode opens. */
export const renderNode = '/dev/dri/renderD128';

const tagOf: Record<VideoCodec, readonly string[]> = { h264: [], hevc: ['-tag:v', 'hvc1'], av1: [] };
const profileOf: Record<VideoCodec, readonly string[]> = { h264: ['-profile:v', 'high'], hevc: ['-profile:v', 'main'], av1: [] };

function kind(
  base: Pick<EncoderKind, 'name' | 'codec' | 'family'>,
  variants: readonly (readonly string[])[],
  quality: { flag: string; steps: readonly number[] },
  rest: { before: readonly string[]; after: readonly string[]; deviceArgs?: readonly string[]; uploadFilter?: string },
): EncoderKind {
  return {
    ...base,
    variantCount: variants.length,
    stepCount: quality.steps.length,
    profile: (variant, step) => ({
      ...base,
      deviceArgs: rest.deviceArgs ?? [],
      uploadFilter: rest.uploadFilter ?? null,
      encodeArgs: [
        ...['-c:v', base.name, ...rest.before, quality.flag, String(quality.steps[step] ?? quality.steps.at(-1) ?? 0)],
        ...[...(variants[variant] ?? []), ...rest.after, ...profileOf[base.codec], ...tagOf[base.codec]],
      ],
    }),
  };
}

function nvenc(codec: VideoCodec, steps: readonly number[]): EncoderKind {
  const lookahead = ['-spatial-aq', '1', '-temporal-aq', '1', '-rc-lookahead', '20'];
  const variants =
    codec === 'av1'
      ? [lookahead, []]
      : [
          [...lookahead, '-bf', '3', '-b_ref_mode', 'middle'],
          [...lookahead, '-bf', '3'],
          [...lookahead, '-bf', '0'],
          ['-bf', '0'],
        ];
  return kind(
    { name: `${codec}_nvenc`, codec, family: 'nvenc' },
    variants,
    { flag: '-cq', steps },
    {
      before: ['-preset', 'p4', '-tune', 'hq', '-rc', 'vbr'],
      after: ['-b:v', '0', '-forced-idr', '1', '-pix_fmt', 'yuv420p'],
    },
  );
}

function vaapi(codec: VideoCodec, steps: readonly number[]): EncoderKind {
  return kind(
    { name: `${codec}_vaapi`, codec, family: 'vaapi' },
    [[], ['-low_power', '1']],
    { flag: '-qp', steps },
    {
      before: ['-rc_mode', 'CQP'],
      after: [],
      deviceArgs: ['-vaapi_device', renderNode],
      uploadFilter: 'format=nv12,hwupload',
    },
  );
}

function qsv(codec: VideoCodec, steps: readonly number[]): EncoderKind {
  return kind(
    { name: `${codec}_qsv`, codec, family: 'qsv' },
    [['-look_ahead', '1'], []].slice(codec === 'h264' ? 0 : 1),
    { flag: '-global_quality', steps },
    {
      before: ['-preset', 'medium'],
      after: ['-forced_idr', '1', '-pix_fmt', 'nv12'],
    },
  );
}

function cpu(name: string, codec: VideoCodec, encodeArgs: readonly string[]): EncoderKind {
  const base = { name, codec, family: 'cpu' } as const;
  const profile: EncoderProfile = {
    ...base,
    deviceArgs: [],
    uploadFilter: null,
    encodeArgs: ['-c:v', name, ...encodeArgs, '-pix_fmt', 'yuv420p'],
  };
  return { ...base, variantCount: 1, stepCount: 1, profile: () => profile };
}

const baseOf = (name: TunedEncoder) => {
  const { preset, rate } = encodingLadders[name].base;
  return ['-preset', preset, '-crf', String(rate)];
};

const x264Kind = cpu('libx264', 'h264', [...baseOf('libx264'), '-profile:v', 'high']);

/** What encodes when nothing else does: the measure of quality, and the last resort. */
export const x264: EncoderProfile = x264Kind.profile(0, 0);

/** All encoders that are looked for; within a codec the first that works is taken. */
export const encoderKinds: readonly EncoderKind[] = [
  nvenc('h264', [23, 20, 17]),
  qsv('h264', [23, 20, 17]),
  vaapi('h264', [22, 19, 16]),
  x264Kind,
  nvenc('hevc', [25, 22, 19]),
  qsv('hevc', [25, 22, 19]),
  vaapi('hevc', [24, 21, 18]),
  cpu('libx265', 'hevc', [...baseOf('libx265'), '-x265-params', 'log-level=error', ...tagOf.hevc]),
  nvenc('av1', [32, 28, 24]),
  qsv('av1', [32, 28, 24]),
  vaapi('av1', [110, 90, 70]),
  cpu('libsvtav1', 'av1', ['-preset', '8', '-crf', '32']),
];

/** Finds an encoder by ffmpeg's name for it. */
export function kindNamed(name: string): EncoderKind | undefined {
  return encoderKinds.find((candidate) => candidate.name === name);
}
