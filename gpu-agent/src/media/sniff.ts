import { TaskFailure } from './taskFailure.ts';

/** Containers that may be opened, by the name of ffmpeg's demuxer. */
export const containers = ['mov', 'matroska', 'avi', 'mpegts', 'mpeg', 'flv', 'ogg', 'asf'] as const;
export type Container = (typeof containers)[number];

/** How many bytes of the beginning `sniffContainer` wants to see (fewer when the file is shorter). */
export const sniffBytes = 65_536;

const movBoxes = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'moof', 'styp', 'sidx']);
const stillBrands = new Set(['avif', 'avis', 'heic', 'heix', 'heim', 'heis', 'hevc', 'mif1', 'msf1', 'jxl ']);

/**
 * Names the container of a file from its first bytes, and refuses everything that is no video container.
 *
 * ffmpeg's own guess is never asked: it follows what the bytes say to playlists, which name further files to open. Throws
 * TaskFailure `empty_file`, `playlist_refused` or `not_a_video`.
 */
export function sniffContainer(head: Buffer): Container {
  if (head.length === 0) {
    throw new TaskFailure('empty_file', 'The file is empty.');
  }
  const found = binaryContainer(head);
  if (found !== null) {
    return found;
  }
  refuseText(head);
  throw new TaskFailure('not_a_video', `The file is no video: ${describeBytes(head)}.`);
}

/** Pictures that a brand may use, by the name of ffmpeg's demuxer. */
export type PictureFormat = 'png_pipe' | 'jpeg_pipe';

/** Names the format of a picture; null for everything else. */
export function sniffPicture(head: Buffer): PictureFormat | null {
  const hex = head.subarray(0, 8).toString('hex');
  return hex === '89504e470d0a1a0a' ? 'png_pipe' : hex.startsWith('ffd8ff') ? 'jpeg_pipe' : null;
}

function binaryContainer(head: Buffer): Container | null {
  const ascii = (from: number, to: number) => head.toString('latin1', from, to);
  if (head.length >= 12 && movBoxes.has(ascii(4, 8))) {
    if (ascii(4, 8) === 'ftyp' && stillBrands.has(ascii(8, 12))) {
      return null;
    }
    return 'mov';
  }
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1a45dfa3) {
    return 'matroska';
  }
  if (ascii(0, 4) === 'RIFF' && ascii(8, 11) === 'AVI') {
    return 'avi';
  }
  if (ascii(0, 3) === 'FLV' && head[3] === 1) {
    return 'flv';
  }
  if (ascii(0, 4) === 'OggS') {
    return 'ogg';
  }
  if (head.length >= 16 && head.subarray(0, 16).equals(asfHeader)) {
    return 'asf';
  }
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1ba) {
    return 'mpeg';
  }
  return isTransportStream(head) ? 'mpegts' : null;
}

const asfHeader = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex');

/** Sync bytes at the packet distance; 188, or 192 with the time codes of camcorders, or 204 with error correction. */
function isTransportStream(head: Buffer): boolean {
  for (const [size, first] of [
    [188, 0],
    [192, 4],
    [204, 0],
  ] as const) {
    const packets = Math.min(5, Math.floor((head.length - first - 1) / size) + 1);
    if (packets < 3) {
      continue;
    }
    let synced = true;
    for (let index = 0; index < packets; index++) {
      synced &&= head[first + index * size] === 0x47;
    }
    if (synced) {
      return true;
    }
  }
  return false;
}

const playlistSigns = [
  /^#EXTM3U/i,
  /^\s*#EXT-X-/im,
  /^ffconcat version/i,
  /^\s*file\s+['"]?\S+/i,
  /^v=0\r?\no=/,
  /<MPD[\s>]/i,
  /<SmoothStreamingMedia/i,
  /<smil[\s>]/i,
  /^\[playlist\]/i,
  /<asx[\s>]/i,
  /<playlist[\s>]/i,
];

function refuseText(head: Buffer): void {
  const text = decodeText(head);
  if (text !== null && playlistSigns.some((sign) => sign.test(text))) {
    throw new TaskFailure(
      'playlist_refused',
      'The file is a playlist: it holds no picture and only names other files, which are not opened.',
    );
  }
}

function decodeText(head: Buffer): string | null {
  const isWide = head.length >= 2 && (head.readUInt16BE(0) === 0xfffe || head.readUInt16BE(0) === 0xfeff);
  if (isWide) {
    const bytes = Buffer.from(head.subarray(2, 2 + ((head.length - 2) & ~1)));
    return (head[0] === 0xfe ? bytes.swap16() : bytes).toString('utf16le');
  }
  return head.subarray(0, 4096).includes(0) ? null : head.toString('utf8').replace(/^\uFEFF/, '');
}

const known: readonly (readonly [string, string])[] = [
  ['ffd8ff', 'it is a JPEG picture'],
  ['89504e47', 'it is a PNG picture'],
  ['47494638', 'it is a GIF picture'],
  ['25504446', 'it is a PDF document'],
  ['504b0304', 'it is a ZIP archive or an office document'],
  ['1f8b', 'it is a gzip archive'],
  ['494433', 'it is an MP3 sound file'],
  ['664c6143', 'it is a FLAC sound file'],
  ['7f454c46', 'it is a program'],
];

function describeBytes(head: Buffer): string {
  const hex = head.subarray(0, 8).toString('hex');
  const match = known.find(([magic]) => hex.startsWith(magic));
  if (match) {
    return match[1];
  }
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE') {
    return 'it is a WAV sound file';
  }
  return decodeText(head) === null ? 'its first bytes belong to no container that is known here' : 'it is text';
}
