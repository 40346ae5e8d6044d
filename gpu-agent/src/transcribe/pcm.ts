import { open } from 'node:fs/promises';

/** Sample rate of everything that whisper hears. */
export const sampleRate = 16_000;

/** A span of a sound file, in seconds. */
export interface PcmSpan {
  startSeconds: number;
  durationSeconds: number;
}

/**
 * Decodes a span of a sound file to 16 kHz mono samples; a span that runs past the end gives what there is. The agent supplies one that
 * asks ffmpeg (`-ss START -t DURATION -i FILE -f s16le -ar 16000 -ac 1 -`).
 */
export type DecodePcm = (audioPath: string, span: PcmSpan, signal: AbortSignal) => Promise<Int16Array>;

interface WavLayout {
  dataAt: number;
  dataBytes: number;
}

async function readLayout(file: Awaited<ReturnType<typeof open>>): Promise<WavLayout | null> {
  const head = Buffer.alloc(12);
  await file.read(head, 0, 12, 0);
  if (head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') {
    return null;
  }
  let at = 12;
  let isWanted = false;
  for (;;) {
    const chunk = Buffer.alloc(24);
    const { bytesRead } = await file.read(chunk, 0, 24, at);
    if (bytesRead < 8) {
      return null;
    }
    const size = chunk.readUInt32LE(4);
    const id = chunk.toString('latin1', 0, 4);
    if (id === 'fmt ') {
      isWanted = chunk.readUInt16LE(10) === 1 && chunk.readUInt32LE(12) === sampleRate && chunk.readUInt16LE(22) === 16;
    }
    if (id === 'data') {
      const { size: fileBytes } = await file.stat();
      return isWanted ? { dataAt: at + 8, dataBytes: Math.min(size, fileBytes - at - 8) } : null;
    }
    at += 8 + size + (size % 2);
  }
}

/** Reads a span of a 16 kHz mono 16-bit WAV file without a decoder. Throws for any other file. */
export const readWavPcm: DecodePcm = async (audioPath, span, signal) => {
  signal.throwIfAborted();
  const file = await open(audioPath, 'r');
  try {
    const layout = await readLayout(file);
    if (layout === null) {
      throw new Error('The sound is not a 16 kHz mono 16-bit WAV file, and no decoder was given for other kinds.');
    }
    const from = Math.min(layout.dataBytes, Math.round(span.startSeconds * sampleRate) * 2);
    const count = Math.min(layout.dataBytes - from, Math.round(span.durationSeconds * sampleRate) * 2);
    const bytes = Buffer.alloc(Math.max(0, count - (count % 2)));
    await file.read(bytes, 0, bytes.length, layout.dataAt + from);
    return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  } finally {
    await file.close();
  }
};
