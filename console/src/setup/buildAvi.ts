/** Writes an AVI file of JPEG pictures and uncompressed sound: the one container that needs no encoder (Microsoft, AVI RIFF File Reference). */

/** A film in parts. */
export interface AviFilm {
  width: number;
  height: number;
  framesPerSecond: number;
  /** One JPEG file per picture. */
  frames: readonly Uint8Array[];
  /** Mono, 16 bits. */
  samples: Int16Array;
  sampleRate: number;
}

type Part = Uint8Array<ArrayBuffer>;

const ascii = (text: string): Part => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function numbers(...values: readonly (readonly [value: number, bytes: 2 | 4])[]): Part {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of values) {
    if (bytes === 2) {
      view.setUint16(at, value, true);
    } else {
      view.setUint32(at, value, true);
    }
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

const longs = (...values: readonly number[]): Part => numbers(...values.map((value) => [value, 4] as const));

function join(parts: readonly Uint8Array[]): Part {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A chunk: its name, its length, its content, and a byte that makes its length even. */
const chunk = (name: string, content: Uint8Array): Part =>
  join([ascii(name), longs(content.length), content, new Uint8Array(content.length % 2)]);
const list = (kind: string, parts: readonly Uint8Array[]): Part => chunk('LIST', join([ascii(kind), ...parts]));

const hasIndex = 0x10;
const isInterleaved = 0x100;
const keyFrame = 0x10;

function headers({ width, height, framesPerSecond, frames, samples, sampleRate }: AviFilm): Part {
  const largest = Math.max(...frames.map(({ length }) => length));
  const main = longs(
    Math.round(1_000_000 / framesPerSecond),
    largest * framesPerSecond,
    0,
    hasIndex | isInterleaved,
    ...[frames.length, 0, 2, largest, width, height, 0, 0, 0, 0],
  );
  const picture = join([
    ascii('vidsMJPG'),
    longs(0, 0, 0, 1, framesPerSecond, 0, frames.length, largest, 0, 0),
    numbers([0, 2], [0, 2], [width, 2], [height, 2]),
  ]);
  const pictureFormat = join([longs(40, width, height), numbers([1, 2], [24, 2]), ascii('MJPG'), longs(width * height * 3, 0, 0, 0, 0)]);
  const sound = join([ascii('auds'), longs(0, 0, 0, 0, 1, sampleRate, 0, samples.length, sampleRate, 0, 2, 0, 0)]);
  const soundFormat = numbers([1, 2], [1, 2], [sampleRate, 4], [sampleRate * 2, 4], [2, 2], [16, 2], [0, 2]);
  return list('hdrl', [
    chunk('avih', main),
    list('strl', [chunk('strh', picture), chunk('strf', pictureFormat)]),
    list('strl', [chunk('strh', sound), chunk('strf', soundFormat)]),
  ]);
}

/** Puts pictures and sound together, a picture and its part of the sound after each other. */
export function buildAvi(film: AviFilm): Part {
  const { frames, samples, sampleRate, framesPerSecond } = film;
  const soundOf = (frame: number) => Math.round((frame * sampleRate) / framesPerSecond);
  const sound = new DataView(new ArrayBuffer(samples.length * 2));
  samples.forEach((sample, at) => sound.setInt16(at * 2, sample, true));
  const bytes = new Uint8Array(sound.buffer);
  const movie: Part[] = [];
  const index: Part[] = [];
  let offset = 4;
  const add = (name: string, content: Uint8Array) => {
    const part = chunk(name, content);
    movie.push(part);
    index.push(join([ascii(name), longs(keyFrame, offset, content.length)]));
    offset += part.length;
  };
  frames.forEach((frame, at) => {
    add('00dc', frame);
    add('01wb', bytes.subarray(soundOf(at) * 2, soundOf(at + 1) * 2));
  });
  return chunk('RIFF', join([ascii('AVI '), headers(film), list('movi', movie), chunk('idx1', join(index))]));
}
