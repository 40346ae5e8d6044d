import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSoundLevels } from './soundLevels.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-levels-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Two seconds of stereo at 48 kHz: silence, then a tone of amplitude 0.5. */
function wav(sampleBytes: 2 | 4): string {
  const samples = 96_000;
  const data = Buffer.alloc(samples * 2 * sampleBytes);
  for (let at = samples / 2; at < samples; at++) {
    const value = 0.5 * Math.sin((2 * Math.PI * 440 * at) / 48_000);
    for (const channel of [0, 1]) {
      const offset = (at * 2 + channel) * sampleBytes;
      if (sampleBytes === 4) {
        data.writeFloatLE(value, offset);
      } else {
        data.writeInt16LE(Math.round(value * 32_767), offset);
      }
    }
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(sampleBytes === 4 ? 3 : 1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(48_000, 24);
  head.writeUInt32LE(48_000 * 2 * sampleBytes, 28);
  head.writeUInt16LE(2 * sampleBytes, 32);
  head.writeUInt16LE(8 * sampleBytes, 34);
  head.write('data', 36);
  head.writeUInt32LE(data.length, 40);
  const path = join(directory, `${sampleBytes}.wav`);
  writeFileSync(path, Buffer.concat([head, data]));
  return path;
}

describe('readSoundLevels', () => {
  it.each([4, 2] as const)('tells the level of every frame in its place, for samples of %i bytes', async (sampleBytes) => {
    const levels = await readSoundLevels(wav(sampleBytes), 50, 25);
    expect(levels).toHaveLength(50);
    expect(Math.max(...levels.slice(0, 25))).toBe(-96);
    for (const level of levels.slice(25)) {
      expect(level).toBeCloseTo(-9.03, 0);
    }
  });
});
