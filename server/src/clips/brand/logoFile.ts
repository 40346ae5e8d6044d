/**
 * Reads a PNG in plain TypeScript and writes it anew: only pixels pass, no metadata and no surprise. The size is known before anything is
 * unpacked, and unpacking ends there.
 *
 * Source: PNG specification, third edition (W3C 2025), sections 5, 9 and 11.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { invalidInput } from '../../core/errors.ts';

export interface CheckedLogo {
  bytes: Buffer;
  width: number;
  height: number;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const maxBytes = 4 * 1024 * 1024;
const maxSide = 4096;
const maxPixels = 8_000_000;
/** Samples of a pixel, by colour type: grey, colour, palette, grey with alpha, colour with alpha. */
const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const refuse = (reason: string) => invalidInput(`This picture cannot be used: ${reason}`);

interface Header {
  width: number;
  height: number;
  colourType: number;
  samples: number;
}

/** Checks a logo and writes it anew as RGBA. Throws invalid_input with what is wrong with it. */
export function checkLogo(bytes: Buffer): CheckedLogo {
  if (bytes.length > maxBytes) {
    throw refuse('it is larger than 4 MB.');
  }
  if (!bytes.subarray(0, 8).equals(signature)) {
    throw refuse('it is no PNG. Save it as PNG, with a transparent background where you can.');
  }
  const { header, palette, alphas, data } = readChunks(bytes);
  const pixels = toRgba(header, unfilter(header, inflate(data, header)), palette, alphas);
  return { width: header.width, height: header.height, bytes: writePng(header.width, header.height, pixels) };
}

function readChunks(bytes: Buffer): { header: Header; palette: Buffer; alphas: Buffer; data: Buffer } {
  let [palette, alphas] = [Buffer.alloc(0), Buffer.alloc(0)];
  const data: Buffer[] = [];
  let header: Header | null = null;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const kind = bytes.toString('latin1', at + 4, at + 8);
    if (at + 12 + length > bytes.length) {
      throw refuse('it is cut off.');
    }
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== bytes.readUInt32BE(at + 8 + length)) {
      throw refuse('it is damaged: a check sum is wrong.');
    }
    if (kind === 'IHDR') {
      header = readHeader(body);
    } else if (kind === 'PLTE') {
      palette = Buffer.from(body);
    } else if (kind === 'tRNS') {
      alphas = Buffer.from(body);
    } else if (kind === 'IDAT') {
      data.push(body);
    } else if (kind === 'IEND') {
      break;
    }
    at += 12 + length;
  }
  if (header === null || data.length === 0) {
    throw refuse('it holds no picture.');
  }
  return { header, palette, alphas, data: Buffer.concat(data) };
}

function readHeader(body: Buffer): Header {
  if (body.length !== 13) {
    throw refuse('its header is damaged.');
  }
  const [width, height, depth, colourType] = [body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt8(8), body.readUInt8(9)];
  const samples = samplesOf[colourType];
  if (depth !== 8 || samples === undefined || body.readUInt8(12) !== 0) {
    throw refuse('it has an unusual form. Save it as an ordinary PNG: 8 bits a channel, not interlaced.');
  }
  if (width < 8 || height < 8 || width > maxSide || height > maxSide || width * height > maxPixels) {
    throw refuse(`it has ${width}×${height} pixels. Use 8 to ${maxSide} a side, and 8 million at most.`);
  }
  return { width, height, colourType, samples };
}

function inflate(data: Buffer, { width, height, samples }: Header): Buffer {
  const wanted = height * (1 + width * samples);
  try {
    const plain = inflateSync(data, { maxOutputLength: wanted + 1 });
    if (plain.length === wanted) {
      return plain;
    }
  } catch {
    // Told below: whatever zlib minds, the file holds other pixels than it says.
  }
  throw refuse('it is damaged: it does not hold as many pixels as it says.');
}

/** Takes the filters back, row by row (section 9). */
function unfilter({ width, height, samples }: Header, data: Buffer): Buffer {
  const stride = width * samples;
  const pixels = Buffer.alloc(height * stride);
  for (let row = 0; row < height; row++) {
    const filter = data[row * (stride + 1)] ?? 0;
    if (filter > 4) {
      throw refuse('it is damaged: it has an unknown filter.');
    }
    const start = row * stride;
    for (let index = 0; index < stride; index++) {
      const left = index >= samples ? (pixels[start + index - samples] ?? 0) : 0;
      const above = row > 0 ? (pixels[start + index - stride] ?? 0) : 0;
      const corner = row > 0 && index >= samples ? (pixels[start + index - stride - samples] ?? 0) : 0;
      const expected = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0;
      pixels[start + index] = ((data[row * (stride + 1) + 1 + index] ?? 0) + expected) & 0xff;
    }
  }
  return pixels;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function toRgba({ width, height, colourType, samples }: Header, pixels: Buffer, palette: Buffer, alphas: Buffer): Buffer {
  const rgba = Buffer.alloc(width * height * 4);
  for (let index = 0; index < width * height; index++) {
    const sample = (offset: number) => pixels[index * samples + offset] ?? 0;
    const grey = sample(0);
    const colour =
      colourType === 3
        ? [palette[grey * 3], palette[grey * 3 + 1], palette[grey * 3 + 2], alphas[grey] ?? 255]
        : samples < 3
          ? [grey, grey, grey, colourType === 4 ? sample(1) : 255]
          : [grey, sample(1), sample(2), colourType === 6 ? sample(3) : 255];
    for (const [channel, value] of colour.entries()) {
      rgba[index * 4 + channel] = value ?? 0;
    }
  }
  return rgba;
}

/** Each row with the filter that takes off the pixel to the left: small enough for logos, and simple. */
export function writePng(width: number, height: number, rgba: Buffer): Buffer {
  const stride = width * 4;
  const rows = Buffer.alloc(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    rows[row * (stride + 1)] = 1;
    for (let index = 0; index < stride; index++) {
      const left = index >= 4 ? (rgba[row * stride + index - 4] ?? 0) : 0;
      rows[row * (stride + 1) + 1 + index] = ((rgba[row * stride + index] ?? 0) - left) & 0xff;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6], 8);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(kind: string, body: Buffer): Buffer {
  const framed = Buffer.alloc(12 + body.length);
  framed.writeUInt32BE(body.length, 0);
  framed.write(kind, 4, 'latin1');
  body.copy(framed, 8);
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + body.length)), 8 + body.length);
  return framed;
}
