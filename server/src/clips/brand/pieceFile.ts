/**
 * Reads what an MP4 says of itself, from its boxes alone; nothing is decoded here. The agent decodes it in its sandbox when a clip is rendered.
 *
 * Source: ISO/IEC 14496-12, boxes ftyp, moov, mvhd, trak, tkhd, mdia, hdlr, minf, stbl, stsd.
 */
import { invalidInput } from '../../core/errors.ts';

export interface CheckedPiece {
  durationSeconds: number;
  width: number;
  height: number;
}

const maxBytes = 20 * 1024 * 1024;
const maxSeconds = 15;
const minSeconds = 0.5;
const codecs = ['avc1', 'avc3', 'hvc1', 'hev1'];

const refuse = (reason: string) => invalidInput(`This video cannot be an intro or outro: ${reason}`);

interface Box {
  kind: string;
  body: Buffer;
}

/** Checks an intro or outro. Throws invalid_input with what is wrong with it. */
export function checkPiece(bytes: Buffer): CheckedPiece {
  if (bytes.length > maxBytes) {
    throw refuse('it is larger than 20 MB.');
  }
  try {
    return readPiece(bytes);
  } catch (error) {
    if (error instanceof RangeError) {
      throw refuse('it is damaged: a part of it ends before what it says it holds.');
    }
    throw error;
  }
}

function readPiece(bytes: Buffer): CheckedPiece {
  const boxes = listBoxes(bytes);
  if (boxes[0]?.kind !== 'ftyp') {
    throw refuse('it is no MP4. Export it as MP4 with H.264.');
  }
  const movie = boxes.find(({ kind }) => kind === 'moov');
  if (movie === undefined || !boxes.some(({ kind }) => kind === 'mdat')) {
    throw refuse('it is cut off.');
  }
  const parts = listBoxes(movie.body);
  const durationSeconds = readDuration(find(parts, 'mvhd'));
  const picture = parts.filter(({ kind }) => kind === 'trak').find(({ body }) => handlerOf(body) === 'vide');
  if (picture === undefined) {
    throw refuse('it has no picture.');
  }
  const codec = codecOf(picture.body);
  if (!codecs.includes(codec)) {
    throw refuse('its codec is another than H.264 and H.265. Export it as MP4 with H.264.');
  }
  if (!(durationSeconds >= minSeconds && durationSeconds <= maxSeconds)) {
    throw refuse(`it is ${durationSeconds.toFixed(1)} seconds long. ${minSeconds} to ${maxSeconds} are possible.`);
  }
  const size = readSize(find(listBoxes(picture.body), 'tkhd'));
  if (size.width < 64 || size.height < 64 || size.width > 4096 || size.height > 4096) {
    throw refuse(`its picture has ${size.width}×${size.height} pixels. 64 to 4096 a side are possible.`);
  }
  return { durationSeconds: Number(durationSeconds.toFixed(3)), ...size };
}

function listBoxes(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length && boxes.length < 500;) {
    const short = bytes.readUInt32BE(at);
    const header = short === 1 ? 16 : 8;
    const length = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? bytes.length - at : short;
    if (length < header || at + length > bytes.length) {
      throw refuse('it is cut off.');
    }
    boxes.push({ kind: bytes.toString('latin1', at + 4, at + 8), body: bytes.subarray(at + header, at + length) });
    at += length;
  }
  return boxes;
}

function find(boxes: readonly Box[], kind: string): Buffer {
  const box = boxes.find((each) => each.kind === kind);
  if (box === undefined) {
    throw refuse(`it is damaged: a box ${kind} is missing.`);
  }
  return box.body;
}

function readDuration(mvhd: Buffer): number {
  const isLong = mvhd.readUInt8(0) === 1;
  const scale = mvhd.readUInt32BE(isLong ? 20 : 12);
  const length = isLong ? Number(mvhd.readBigUInt64BE(24)) : mvhd.readUInt32BE(16);
  return scale === 0 ? 0 : length / scale;
}

function readSize(tkhd: Buffer): { width: number; height: number } {
  const at = tkhd.readUInt8(0) === 1 ? 88 : 76;
  return { width: tkhd.readUInt16BE(at), height: tkhd.readUInt16BE(at + 4) };
}

function handlerOf(track: Buffer): string {
  return find(listBoxes(find(listBoxes(track), 'mdia')), 'hdlr').toString('latin1', 8, 12);
}

function codecOf(track: Buffer): string {
  const media = listBoxes(find(listBoxes(track), 'mdia'));
  const samples = find(listBoxes(find(listBoxes(find(media, 'minf')), 'stbl')), 'stsd');
  return samples.toString('latin1', 12, 16);
}
