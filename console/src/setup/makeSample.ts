import { buildAvi } from './buildAvi.ts';

/** A sentence of the sample takes this long. */
const sentenceSeconds = 3;
const width = 640;
const height = 360;
const framesPerSecond = 10;
const sampleRate = 16_000;
/** Each sentence has a colour of its own, so that the shots change with what is said. */
const hues = [262, 190, 12, 216, 328, 150, 40, 285, 100];

/**
 * Draws and sounds a short film in this browser: one coloured shot per sentence with a head that moves about. It is no stand-in: agents
 * take it through every stage as they take a talk. Answers the film and its words.
 * @param sentences what is said; shown in the picture as well
 */
export async function makeSample(name: string, sentences: readonly string[]): Promise<{ film: File; captions: File }> {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const brush = canvas.getContext('2d');
  if (brush === null) {
    throw new Error('This browser draws no pictures.');
  }
  const frames: Uint8Array[] = [];
  for (let at = 0; at < sentences.length * sentenceSeconds * framesPerSecond; at += 1) {
    const seconds = at / framesPerSecond;
    const sentence = Math.floor(seconds / sentenceSeconds);
    draw(brush, seconds, hues[sentence % hues.length] ?? 0, sentences[sentence] ?? '');
    frames.push(await pictureOf(canvas));
  }
  const samples = soundOf(sentences.length * sentenceSeconds);
  const avi = buildAvi({ width, height, framesPerSecond, frames, samples, sampleRate });
  return {
    film: new File([avi], `${name}.avi`, { type: 'video/x-msvideo' }),
    captions: new File([captionsOf(sentences)], `${name}.srt`, { type: 'application/x-subrip' }),
  };
}

async function pictureOf(canvas: HTMLCanvasElement): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.8));
  if (blob === null) {
    throw new Error('This browser writes no JPEG pictures.');
  }
  return new Uint8Array(await blob.arrayBuffer());
}

function draw(brush: CanvasRenderingContext2D, seconds: number, hue: number, text: string): void {
  const light = brush.createLinearGradient(0, 0, width, height);
  light.addColorStop(0, `hsl(${hue} 45% 20%)`);
  light.addColorStop(1, `hsl(${(hue + 40) % 360} 55% 40%)`);
  brush.fillStyle = light;
  brush.fillRect(0, 0, width, height);
  const x = width / 2 + 60 * Math.sin(seconds * 0.9);
  const mouth = 6 + 6 * Math.abs(Math.sin(seconds * 9));
  const disc = (cx: number, cy: number, rx: number, ry: number, colour: string) => {
    brush.fillStyle = colour;
    brush.beginPath();
    brush.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
    brush.fill();
  };
  disc(x, 330, 110, 90, `hsl(${hue} 35% 72%)`);
  disc(x, 165, 62, 76, 'hsl(28 55% 74%)');
  disc(x - 24, 150, 7, 9, 'hsl(25 30% 18%)');
  disc(x + 24, 150, 7, 9, 'hsl(25 30% 18%)');
  disc(x, 205, 20, mouth, 'hsl(355 55% 38%)');
  brush.fillStyle = 'white';
  brush.font = '600 22px sans-serif';
  brush.textAlign = 'center';
  brush.fillText(text, width / 2, 44, width - 40);
}

/** A voice without words: a hum that rises and falls as syllables do, with a breath after each sentence. */
function soundOf(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * sampleRate }, (_, index) => {
    const at = index / sampleRate;
    const syllable = Math.max(0, Math.sin(at * 2 * Math.PI * 2.2)) ** 0.6;
    const breath = at % sentenceSeconds < sentenceSeconds - 0.6 ? 1 : 0;
    const pitch = 130 + 18 * Math.sin(at * 1.7);
    const tone = [1, 2, 3, 4].reduce((sum, harmonic) => sum + Math.sin(2 * Math.PI * pitch * harmonic * at) / harmonic, 0);
    return 7000 * syllable * breath * tone * 0.5;
  });
}

/** The words as SubRip, a sentence at a time. */
export function captionsOf(sentences: readonly string[]): string {
  const clock = (seconds: number) => `00:${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')},000`;
  return sentences
    .map((text, at) => `${at + 1}\n${clock(at * sentenceSeconds)} --> ${clock((at + 1) * sentenceSeconds)}\n${text}\n`)
    .join('\n');
}
