/**
 * The picture of the demonstration video: five scenes, each one ffmpeg run over generated sources.
 *
 * Everything that matters stands in the middle third, so that a tall crop loses nothing, and in the upper three fifths, above the captions.
 * Texts reach the filter through files, and the font through a copy with a plain name.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Ffmpeg } from '../ffmpeg.ts';
import type { TimedScene } from './demoSound.ts';
import { runFfmpeg } from './runFfmpeg.ts';

const width = 1920;
const height = 1080;
const frameRate = 25;

/** Draws every scene into `folder` and answers the names of the files, in order. */
export async function makePicture(
  ffmpeg: Ffmpeg,
  folder: string,
  scenes: readonly TimedScene[],
  onScene: (done: number) => void,
  signal: AbortSignal,
): Promise<string[]> {
  copyFonts(folder);
  await makeShapes(ffmpeg, folder, signal);
  shownWords.forEach((word, row) => writeFileSync(join(folder, `word${row}.txt`), word));
  const files: string[] = [];
  for (const [index, timed] of scenes.entries()) {
    writeFileSync(join(folder, `kicker${index}.txt`), timed.scene.kicker);
    timed.scene.headline.forEach((line, row) => writeFileSync(join(folder, `headline${index}-${row}.txt`), line));
    const file = `scene${index}.mp4`;
    await runFfmpeg(ffmpeg.ffmpeg, buildSceneArguments(timed, index, file), folder, signal);
    files.push(file);
    onScene((index + 1) / scenes.length);
  }
  return files;
}

function copyFonts(folder: string): void {
  const agent = createRequire(new URL('../../gpu-agent/package.json', import.meta.url));
  const fonts = dirname(agent.resolve('@expo-google-fonts/montserrat/package.json'));
  copyFileSync(join(fonts, '800ExtraBold', 'Montserrat_800ExtraBold.ttf'), join(folder, 'bold.ttf'));
  copyFileSync(join(fonts, '600SemiBold', 'Montserrat_600SemiBold.ttf'), join(folder, 'medium.ttf'));
}

/** Shapes with soft edges are drawn once, as pictures with an alpha plane. */
async function makeShapes(ffmpeg: Ffmpeg, folder: string, signal: AbortSignal): Promise<void> {
  const draw = (file: string, size: string, alpha: string) =>
    runFfmpeg(
      ffmpeg.ffmpeg,
      [
        '-nostdin',
        '-v',
        'error',
        '-y',
        '-f',
        'lavfi',
        '-i',
        `color=c=white:s=${size},format=rgba,geq=r=255:g=255:b=255:a='${alpha}'`,
        '-frames:v',
        '1',
        file,
      ],
      folder,
      signal,
    );
  const rounded = (w: number, h: number, radius: number) =>
    `hypot(max(abs(X-${w / 2})-${w / 2 - radius - 2},0),max(abs(Y-${h / 2})-${h / 2 - radius - 2},0))-${radius}`;
  const outline = (w: number, h: number, radius: number, line: number, fill: number) =>
    `clip(${fill}*clip(0.5-(${rounded(w, h, radius)}),0,1)+235*clip(${line / 2 + 0.5}-abs(${rounded(w, h, radius)}+${line / 2}),0,1),0,255)`;
  await draw('orb.png', '176x176', '110*pow(max(0,1-hypot(X-88,Y-88)/88),2)');
  await draw('dot.png', '120x120', '255*clip(56-hypot(X-60,Y-60),0,1)');
  await draw('wide.png', '560x316', outline(560, 316, 22, 4, 26));
  await draw('tall.png', '178x316', outline(178, 316, 22, 6, 60));
  await draw('window.png', '150x190', outline(150, 190, 20, 5, 46));
  // Bars of a time line: heights from a few sines, so that they look like speech and are the same every time.
  const barHeight = '(24+66*pow(abs(sin(floor(X/16)*1.7)*sin(floor(X/16)*0.37+0.8)),0.8))';
  await draw('bars.png', '560x190', `if(lt(mod(X,16),9)*lt(abs(Y-95),${barHeight}),210,0)`);
}

function buildSceneArguments({ scene, lengthSeconds, startSeconds }: TimedScene, index: number, file: string): string[] {
  const seconds = lengthSeconds.toFixed(4);
  const [dark, middle, light] = scene.colors.map((color) => color.replace('#', '0x'));
  const background = `gradients=s=480x270:r=${frameRate}:d=${seconds}:n=3:c0=${dark}:c1=${middle}:c2=${light}:x0=0:y0=0:x1=480:y1=270:speed=0.012:seed=${index + 7}`;
  const loops = decorationInputs(scene.look).flatMap((name) => ['-loop', '1', '-framerate', String(frameRate), '-t', seconds, '-i', name]);
  const sound = scene.look === 'listen' ? ['-ss', startSeconds.toFixed(4), '-t', seconds, '-i', 'sound.wav'] : [];
  const filters = [
    // Two soft lights drift across, out of step with each other. Soft things are drawn small and enlarged, at a sixteenth of the work.
    `[1:v]split[o1][o2]`,
    `[0:v][o1]overlay=x='-37+65*sin(t*0.31)':y='-50+40*cos(t*0.43)'[l1]`,
    `[l1][o2]overlay=x='332+55*cos(t*0.37)':y='120+37*sin(t*0.29)',vignette=a=PI/5:dither=0,scale=${width}:${height}:flags=bicubic[lights]`,
    ...decorations(scene.look, lengthSeconds),
    `[decorated]${buildTexts(index, scene.look)},format=yuv420p[out]`,
  ];
  const encode = [
    '-c:v',
    'libx264',
    '-preset',
    'superfast',
    '-crf',
    '19',
    '-g',
    '60',
    '-r',
    String(frameRate),
    '-frames:v',
    String(Math.round(lengthSeconds * frameRate)),
  ];
  return [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    background,
    '-loop',
    '1',
    '-framerate',
    String(frameRate),
    '-t',
    seconds,
    '-i',
    'orb.png',
    ...loops,
    ...sound,
    '-filter_complex',
    filters.join(';'),
    '-map',
    '[out]',
    ...encode,
    file,
  ];
}

/** Pictures that a scene needs after the background (input 0) and the light (input 1). */
function decorationInputs(look: TimedScene['scene']['look']): string[] {
  switch (look) {
    case 'title':
      return ['wide.png', 'tall.png'];
    case 'listen':
      return [];
    case 'moments':
      return ['bars.png', 'window.png'];
    case 'frame':
      return ['wide.png', 'tall.png', 'dot.png'];
    case 'captions':
      return ['tall.png'];
  }
}

/** Filters from [lights] to [decorated]; `t` is the time of the scene. */
function decorations(look: TimedScene['scene']['look'], seconds: number): string[] {
  // Eases from 0 to 1 between two times.
  const ease = (from: number, to: number) => `(0.5-0.5*cos(PI*clip((t-${from})/${(to - from).toFixed(2)},0,1)))`;
  switch (look) {
    case 'title':
      // A wide frame, out of which three tall ones fan.
      return [
        `[3:v]split=3[a][b][c]`,
        `[lights][2:v]overlay=x=680:y=367[w]`,
        `[w][a]overlay=x='871-190*${ease(1.2, 2.6)}':y='367-10*sin(t*1.1)'[x1]`,
        `[x1][b]overlay=x=871:y='367-10*sin(t*1.1+1)'[x2]`,
        `[x2][c]overlay=x='871+190*${ease(1.2, 2.6)}':y='367-10*sin(t*1.1+2)'[decorated]`,
      ];
    case 'listen':
      return [
        `[2:a]aformat=channel_layouts=mono,volume=1.3,showwaves=s=560x260:r=${frameRate}:mode=cline:colors=white:scale=sqrt:draw=full,format=rgba,colorchannelmixer=aa=0.85[wave]`,
        `[lights][wave]overlay=x=680:y=370:shortest=1[decorated]`,
      ];
    case 'moments': {
      const third = seconds / 3;
      const x = `(690+190*${ease(third - 0.5, third + 0.4)}+175*${ease(2 * third - 0.5, 2 * third + 0.4)})`;
      return [`[lights][2:v]overlay=x=680:y=410[bars]`, `[bars][3:v]overlay=x='${x}':y=410[decorated]`];
    }
    case 'frame': {
      const speaker = '(150*sin(t*0.55)+28*sin(t*1.3))';
      // The window is calmer than the one it follows.
      return [
        `[lights][2:v]overlay=x=680:y=367[f1]`,
        `[f1][4:v]overlay=x='900+${speaker}':y='465+8*sin(t*2.1)'[f2]`,
        `[f2][3:v]overlay=x='871+150*sin(t*0.55-0.08)+14*sin(t*1.3-0.3)':y=367[decorated]`,
      ];
    }
    case 'captions':
      return [`[2:v]scale=190:310[phone]`, `[lights][phone]overlay=x=865:y=367[decorated]`];
  }
}

function buildTexts(index: number, look: TimedScene['scene']['look']): string {
  const rise = (delay: number) => `min(1,max(0,(t-${delay})/0.5))`;
  const line = (file: string, font: string, size: number, y: number, delay: number, color: string) =>
    `drawtext=fontfile=${font}.ttf:textfile=${file}:expansion=none:fontsize=${size}:fontcolor=${color}:x=(w-text_w)/2:y='${y}-ascent+36*pow(1-${rise(delay)},3)':alpha='${rise(delay)}':shadowcolor=black@0.25:shadowx=0:shadowy=4`;
  const texts = [
    line(`kicker${index}.txt`, 'medium', 32, 140, 0.1, 'white@0.8'),
    line(`headline${index}-0.txt`, 'bold', 62, 226, 0.25, 'white'),
    line(`headline${index}-1.txt`, 'bold', 62, 304, 0.45, 'white'),
  ];
  return [...texts, ...(look === 'captions' ? buildWords() : [])].join(',');
}

const shownWords = ['every', 'word', 'lights', 'up'];

/** Words in the tall frame, lit one after the other. */
function buildWords(): string[] {
  return shownWords.flatMap((_, row) => {
    const word = `drawtext=fontfile=bold.ttf:textfile=word${row}.txt:expansion=none:fontsize=36:x=(w-text_w)/2:y=${440 + row * 62}-ascent`;
    return [`${word}:fontcolor=white@0.45`, `${word}:fontcolor=0xffe14d:enable='eq(mod(floor(t/0.45),${shownWords.length}),${row})'`];
  });
}
