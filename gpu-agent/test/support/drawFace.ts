/**
 * Draws a face that a face detector takes for one, as a PNG with a transparent ground: shaded ellipses, and nobody's likeness.
 *
 * Kept in `test/`, so that framing can be tested and measured without footage of real people.
 */
import { deflateSync } from 'node:zlib';

interface Blob {
  x: number;
  y: number;
  rx: number;
  ry: number;
  colour: readonly [number, number, number];
  /** How far the edge is softened, as a share of the radius. */
  soft: number;
  alpha: number;
}

/** Parts from back to front, in a square from -1 to 1; `mouthOpen` and `eyesOpen` are from 0 to 1. */
function parts(mouthOpen: number, eyesOpen: number): Blob[] {
  const skin = [214, 168, 140] as const;
  const eye = (side: number): Blob[] => [
    { x: side * 0.23, y: -0.12, rx: 0.15, ry: 0.09, colour: [165, 118, 98], soft: 0.6, alpha: 0.75 },
    { x: side * 0.23, y: -0.11, rx: 0.105, ry: 0.05 * eyesOpen, colour: [240, 236, 232], soft: 0.2, alpha: 1 },
    { x: side * 0.225, y: -0.11, rx: 0.05, ry: 0.052 * eyesOpen, colour: [62, 44, 34], soft: 0.2, alpha: 1 },
    { x: side * 0.225, y: -0.11, rx: 0.022, ry: 0.024 * eyesOpen, colour: [10, 8, 8], soft: 0.2, alpha: 1 },
    { x: side * 0.21, y: -0.125, rx: 0.01, ry: 0.011 * eyesOpen, colour: [255, 255, 255], soft: 0.2, alpha: 1 },
    { x: side * 0.23, y: -0.16, rx: 0.12, ry: 0.02, colour: [80, 52, 42], soft: 0.5, alpha: 0.9 },
    { x: side * 0.24, y: -0.27, rx: 0.15, ry: 0.032, colour: [66, 44, 32], soft: 0.5, alpha: 0.95 },
  ];
  return [
    { x: 0, y: 1.02, rx: 0.85, ry: 0.42, colour: [52, 66, 96], soft: 0.04, alpha: 1 },
    { x: 0, y: 0.62, rx: 0.24, ry: 0.34, colour: [188, 140, 114], soft: 0.1, alpha: 1 },
    { x: 0, y: -0.2, rx: 0.6, ry: 0.7, colour: [58, 40, 30], soft: 0.06, alpha: 1 },
    { x: -0.5, y: 0, rx: 0.08, ry: 0.14, colour: [200, 150, 124], soft: 0.2, alpha: 1 },
    { x: 0.5, y: 0, rx: 0.08, ry: 0.14, colour: [200, 150, 124], soft: 0.2, alpha: 1 },
    { x: 0, y: 0.02, rx: 0.5, ry: 0.64, colour: skin, soft: 0.06, alpha: 1 },
    { x: -0.28, y: 0.15, rx: 0.3, ry: 0.4, colour: [190, 140, 114], soft: 1, alpha: 0.45 },
    { x: 0.14, y: -0.2, rx: 0.34, ry: 0.34, colour: [236, 196, 170], soft: 1, alpha: 0.5 },
    { x: -0.26, y: 0.17, rx: 0.13, ry: 0.1, colour: [222, 146, 128], soft: 1, alpha: 0.5 },
    { x: 0.26, y: 0.17, rx: 0.13, ry: 0.1, colour: [222, 146, 128], soft: 1, alpha: 0.5 },
    ...eye(-1),
    ...eye(1),
    { x: -0.05, y: 0.04, rx: 0.04, ry: 0.2, colour: [176, 124, 100], soft: 1, alpha: 0.6 },
    { x: 0.02, y: 0.02, rx: 0.035, ry: 0.18, colour: [240, 204, 180], soft: 1, alpha: 0.7 },
    { x: 0, y: 0.17, rx: 0.095, ry: 0.055, colour: [196, 142, 116], soft: 0.6, alpha: 0.9 },
    { x: -0.045, y: 0.195, rx: 0.024, ry: 0.014, colour: [92, 54, 44], soft: 0.6, alpha: 0.9 },
    { x: 0.045, y: 0.195, rx: 0.024, ry: 0.014, colour: [92, 54, 44], soft: 0.6, alpha: 0.9 },
    { x: 0, y: 0.36, rx: 0.185, ry: 0.055 + 0.06 * mouthOpen, colour: [176, 82, 82], soft: 0.25, alpha: 1 },
    { x: 0, y: 0.355, rx: 0.15, ry: 0.008 + 0.06 * mouthOpen, colour: [70, 26, 28], soft: 0.3, alpha: 1 },
    { x: 0, y: 0.52, rx: 0.13, ry: 0.05, colour: [196, 146, 120], soft: 1, alpha: 0.5 },
  ];
}

/** The picture as the bytes of a PNG file, `size` pixels square. */
export function drawFace(size: number, mouthOpen = 0, eyesOpen = 1): Buffer {
  const blobs = parts(mouthOpen, eyesOpen);
  const rows = Buffer.alloc((size * 4 + 1) * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      rows.set(pixel(blobs, ((x + 0.5) / size) * 2 - 1, ((y + 0.5) / size) * 2 - 1), y * (size * 4 + 1) + 1 + x * 4);
    }
  }
  return encodePng(size, rows);
}

function pixel(blobs: readonly Blob[], x: number, y: number): Uint8Array {
  const out = [0, 0, 0, 0];
  for (const { x: cx, y: cy, rx, ry, colour, soft, alpha } of blobs) {
    const distance = Math.hypot((x - cx) / rx, (y - cy) / ry);
    const cover = alpha * Math.min(1, Math.max(0, (1 - distance) / soft));
    if (cover > 0) {
      // Darker towards one side, as light from a window.
      const light = 1 - 0.12 * x;
      colour.forEach((value, channel) => {
        out[channel] = (out[channel] ?? 0) * (1 - cover) + Math.min(255, value * light) * cover;
      });
      out[3] = Math.max(out[3] ?? 0, cover * 255);
    }
  }
  return Uint8Array.from(out, (value) => Math.round(value));
}

function encodePng(size: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** CRC of PNG (ISO 15948, annex D). */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
