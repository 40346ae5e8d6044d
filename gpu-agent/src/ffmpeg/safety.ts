/**
 * What every ffmpeg and ffprobe call is told about the file it opens.
 *
 * A media file is written by a stranger: it may name other files, promise enormous pictures, or carry streams for decoders that
 * nobody has looked at in years. Nothing is opened without these options, and outputs take nothing along but picture and sound.
 */
import type { Container, PictureFormat } from '../media/sniff.ts';

const videoDecoders = [
  ...['h264', 'hevc', 'av1', 'libdav1d', 'libaom-av1', 'vp8', 'vp9', 'libvpx', 'libvpx-vp9'],
  ...['mpeg4', 'mpeg2video', 'mpeg1video', 'h263', 'h263p', 'flv', 'mjpeg', 'prores', 'dnxhd', 'dvvideo', 'theora'],
  ...['vc1', 'wmv1', 'wmv2', 'wmv3', 'msmpeg4', 'msmpeg4v1', 'msmpeg4v2', 'rawvideo', 'ffv1', 'utvideo', 'qtrle', 'png'],
] as const;

const audioDecoders = [
  ...['aac', 'aac_latm', 'mp3', 'mp3float', 'mp2', 'mp2float', 'ac3', 'eac3', 'dca', 'opus', 'libopus', 'vorbis', 'libvorbis'],
  ...['flac', 'alac', 'wmav1', 'wmav2', 'wmapro', 'amrnb', 'amrwb', 'adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt', 'adpcm_swf'],
  ...['pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be', 'pcm_f32le', 'pcm_f32be', 'pcm_u8', 'pcm_s8'],
  ...['pcm_alaw', 'pcm_mulaw', 'pcm_bluray', 'pcm_dvd', 'speex', 'libspeex', 'nellymoser'],
] as const;

/** Codec names (as ffprobe reports them) that are decoded here. */
export const decodableCodecs: ReadonlySet<string> = new Set<string>([...videoDecoders, ...audioDecoders, 'msmpeg4v3', 'dts']);

const codecWhitelist = [...videoDecoders, ...audioDecoders].join(',');

export interface InputLimits {
  /** Largest picture that is decoded, in pixels. */
  framePixels: number;
}

/** Streams a file may have; more are a sign of an attack on memory. */
const maxStreams = 64;

/** Options that stand before the `-i` of a stranger's file, read from the loopback source server. */
export function sourceInputArgs(container: Container | PictureFormat, limits: InputLimits): string[] {
  return [
    ...['-protocol_whitelist', 'http,tcp', '-format_whitelist', container, '-codec_whitelist', codecWhitelist],
    ...['-max_streams', String(maxStreams), '-max_pixels', String(limits.framePixels), '-f', container],
  ];
}

/** More than any picture this agent writes. */
const ownPixels = 100_000_000;

/** Options that stand before the `-i` of a file this agent wrote itself. */
export function ownInputArgs(format: 'mov' | 'matroska' | 'flac' | 'wav'): string[] {
  return [
    '-protocol_whitelist',
    'file',
    '-format_whitelist',
    format,
    '-codec_whitelist',
    codecWhitelist,
    '-max_streams',
    '8',
    '-max_pixels',
    String(ownPixels),
    '-f',
    format,
  ];
}

/** Options that stand before the `-i` of a picture or sound that ffmpeg makes itself, from a graph that is ours: no file, no network. */
export const generatedInputArgs: readonly string[] = [
  ...[
    '-protocol_whitelist',
    'none',
    '-format_whitelist',
    'lavfi',
    '-codec_whitelist',
    'wrapped_avframe,rawvideo,pcm_s16le,pcm_f32le,pcm_f64le,pcm_u8',
  ],
  ...['-max_streams', '8', '-max_pixels', '10000000', '-f', 'lavfi'],
];

/** Options that stand before every output file: nothing of the source's tags (place, device, owner) goes along. */
export const cleanOutputArgs: readonly string[] = ['-map_metadata', '-1', '-map_chapters', '-1', '-sn', '-dn'];

/** Options that open every ffmpeg command line. */
export const quietArgs: readonly string[] = ['-hide_banner', '-nostdin', '-nostats', '-y'];
