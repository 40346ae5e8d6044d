/**
 * The canary's video, made here so that no program and nobody's footage is needed: a square that moves over a changing ground, and a tone that swells,
 * uncompressed in an AVI file of about 0.7 megabytes (OpenDML 1.02 without its extensions).
 */

const width = 64;
const height = 36;
const framesPerSecond = 5;
export const canarySeconds = 16;
const samplesPerSecond = 8000;
const frameCount = canarySeconds * framesPerSecond;
const samplesPerFrame = samplesPerSecond / framesPerSecond;
/** Rows of a bitmap are multiples of four bytes, which this width is. */
const frameBytes = width * height * 3;
const squareSide = 12;
/** The ground changes so often, as a cut does. */
const sceneFrames = 25;
const toneHertz = 220;

const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
};
const u16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16LE(value, index * 2));
  return bytes;
};
const chunk = (name: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(name, 'latin1'), u32(body.length), body, Buffer.alloc(body.length % 2)]);
};
const list = (name: string, ...parts: Buffer[]): Buffer => chunk('LIST', Buffer.from(name, 'latin1'), ...parts);

function streamHeader(
  kind: 'vids' | 'auds',
  scale: number,
  rate: number,
  length: number,
  bufferBytes: number,
  sampleBytes: number,
): Buffer {
  const codec = kind === 'vids' ? 'DIB ' : '\0\0\0\0';
  const rectangle = kind === 'vids' ? u16(0, 0, width, height) : u16(0, 0, 0, 0);
  return chunk(
    'strh',
    Buffer.from(`${kind}${codec}`, 'latin1'),
    u32(0, 0, 0, scale, rate, 0, length, bufferBytes, 0, sampleBytes),
    rectangle,
  );
}

function picture(index: number): Buffer {
  const ground = 40 + 70 * (Math.floor(index / sceneFrames) % 3);
  const bytes = Buffer.alloc(frameBytes, ground);
  const left = (index * 2) % (width - squareSide);
  for (let row = 10; row < 10 + squareSide; row++) {
    bytes.fill(230, (row * width + left) * 3, (row * width + left + squareSide) * 3);
  }
  return bytes;
}

function sound(index: number): Buffer {
  const bytes = Buffer.alloc(samplesPerFrame);
  for (let sample = 0; sample < samplesPerFrame; sample++) {
    const seconds = (index * samplesPerFrame + sample) / samplesPerSecond;
    const loudness = 0.2 + 0.6 * Math.abs(Math.sin(seconds / 2));
    bytes[sample] = 128 + Math.round(100 * loudness * Math.sin(2 * Math.PI * toneHertz * seconds));
  }
  return bytes;
}

/** Makes the file; the same bytes every time. */
export function makeCanaryVideo(): Buffer {
  const header = list(
    'hdrl',
    chunk('avih', u32(1e6 / framesPerSecond, 0, 0, 0x10, frameCount, 0, 2, frameBytes, width, height, 0, 0, 0, 0)),
    list(
      'strl',
      streamHeader('vids', 1, framesPerSecond, frameCount, frameBytes, 0),
      chunk('strf', u32(40, width, height), u16(1, 24), u32(0, frameBytes, 0, 0, 0, 0)),
    ),
    list(
      'strl',
      streamHeader('auds', 1, samplesPerSecond, frameCount * samplesPerFrame, samplesPerFrame, 1),
      chunk('strf', u16(1, 1), u32(samplesPerSecond, samplesPerSecond), u16(1, 8)),
    ),
  );
  const pieces = Array.from({ length: frameCount }, (_, index) => [chunk('00db', picture(index)), chunk('01wb', sound(index))]).flat();
  // Places are counted from the word `movi`.
  const keyFrame = 0x10;
  let at = 4;
  const places = pieces.map((piece) => {
    const entry = Buffer.concat([piece.subarray(0, 4), u32(keyFrame, at, piece.length - 8)]);
    at += piece.length;
    return entry;
  });
  return chunk('RIFF', Buffer.from('AVI ', 'latin1'), header, list('movi', ...pieces), chunk('idx1', ...places));
}

/** What is said in it, so that no speech engine is asked. */
export const canaryCaptions = [
  'Why does this canary sing every day?',
  'Because an upload that works today may fail tomorrow.',
  'It sings, it is heard, and then it is deleted again.',
  'Nobody else has to notice.',
]
  .map(
    (line, index) =>
      `${index + 1}\n00:00:${String(index * 4).padStart(2, '0')},000 --> 00:00:${String(index * 4 + 3).padStart(2, '0')},500\n${line}\n`,
  )
  .join('\n');
