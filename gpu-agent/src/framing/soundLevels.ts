/** Reads how loud the clip is at every frame, from the joined sound that was written for measuring. */
import { createReadStream } from 'node:fs';

const headBytes = 4096;
const silenceDb = -96;

/** Level of each frame in dBFS (RMS of the first channel). Reads WAV with samples in 32-bit floating point, or 16-bit whole numbers. */
export async function readSoundLevels(path: string, frames: number, framesPerSecond: number): Promise<number[]> {
  const squares = new Float64Array(frames);
  const counts = new Uint32Array(frames);
  let head = Buffer.alloc(0);
  let layout: WavLayout | null = null;
  let rest = Buffer.alloc(0);
  let sample = 0;
  const take = (chunk: Buffer, { channels, sampleRate, sampleBytes }: WavLayout) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const step = channels * sampleBytes;
    let at = 0;
    for (; at + step <= bytes.length; at += step, sample++) {
      const frame = Math.floor((sample / sampleRate) * framesPerSecond);
      if (frame < frames) {
        const value = sampleBytes === 4 ? bytes.readFloatLE(at) : bytes.readInt16LE(at) / 32_768;
        squares[frame] = (squares[frame] ?? 0) + value * value;
        counts[frame] = (counts[frame] ?? 0) + 1;
      }
    }
    rest = Buffer.from(bytes.subarray(at));
  };
  for await (const data of createReadStream(path)) {
    const chunk = data as Buffer;
    if (layout === null) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= headBytes || chunk.length < headBytes) {
        layout = readHead(head);
        take(head.subarray(layout.dataAt), layout);
      }
      continue;
    }
    take(chunk, layout);
  }
  return [...squares].map((sum, frame) => {
    const rms = Math.sqrt(sum / Math.max(1, counts[frame] ?? 0));
    return rms > 0 ? Math.max(silenceDb, 20 * Math.log10(rms)) : silenceDb;
  });
}

interface WavLayout {
  channels: number;
  sampleRate: number;
  sampleBytes: 2 | 4;
  dataAt: number;
}

function readHead(head: Buffer): WavLayout {
  let channels = 2;
  let sampleRate = 48_000;
  let sampleBytes: 2 | 4 = 4;
  for (let at = 12; at + 8 <= head.length;) {
    const name = head.toString('latin1', at, at + 4);
    if (name === 'data') {
      return { channels, sampleRate, sampleBytes, dataAt: at + 8 };
    }
    if (name === 'fmt ' && at + 16 <= head.length) {
      channels = head.readUInt16LE(at + 10);
      sampleRate = head.readUInt32LE(at + 12);
      sampleBytes = at + 24 <= head.length && head.readUInt16LE(at + 22) === 16 ? 2 : 4;
    }
    at += 8 + head.readUInt32LE(at + 4);
  }
  throw new Error('The sound that was written for measuring is no WAV file.');
}
