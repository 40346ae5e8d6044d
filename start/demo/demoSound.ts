/** The sound of the demonstration video: each sentence spoken by itself, so that its times are known exactly. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ffmpeg } from '../ffmpeg.ts';
import { type DemoScene, demoScenes } from './demoScript.ts';
import { runFfmpeg } from './runFfmpeg.ts';

/** A sentence and when it is said, in seconds of the whole video. */
export interface DemoCue {
  readonly text: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

export interface TimedScene {
  readonly scene: DemoScene;
  readonly startSeconds: number;
  readonly lengthSeconds: number;
  readonly cues: readonly DemoCue[];
}

const rate = 48_000;
const frameRate = 25;
const leadSeconds = 0.6;
const pauseSeconds = 0.45;
const tailSeconds = 0.7;
/** Characters a second at which tones stand in for speech. */
const toneRate = 15;
/** A soft fifth, and the octave above it. */
const toneHertz = [196, 294, 392] as const;

/** Makes one file per sentence in `folder`, then the whole track `sound.wav` with a quiet chord below it, and answers the times. */
export async function makeSound(ffmpeg: Ffmpeg, folder: string, signal: AbortSignal): Promise<TimedScene[]> {
  const timed: TimedScene[] = [];
  let at = 0;
  let count = 0;
  for (const scene of demoScenes) {
    const startSeconds = at;
    const cues: DemoCue[] = [];
    at += leadSeconds;
    for (const text of scene.sentences) {
      const name = `sentence${count}`;
      count += 1;
      const seconds = await makeSentence(ffmpeg, folder, name, text, signal);
      cues.push({ text, startSeconds: at, endSeconds: at + seconds });
      at += seconds + pauseSeconds;
    }
    // Scenes end on a frame, so that picture and sound stay together over the whole length.
    at = Math.ceil((at + tailSeconds - pauseSeconds) * frameRate) / frameRate;
    timed.push({ scene, startSeconds, lengthSeconds: at - startSeconds, cues });
  }
  await mix(ffmpeg, folder, timed, at, signal);
  return timed;
}

async function makeSentence(ffmpeg: Ffmpeg, folder: string, name: string, text: string, signal: AbortSignal): Promise<number> {
  const file = `${name}.wav`;
  if (ffmpeg.hasFlite) {
    writeFileSync(join(folder, `${name}.txt`), text);
    const voice = 'highpass=f=90,equalizer=f=3200:t=q:w=1.2:g=3,aresample=48000,pan=mono|c0=c0';
    await runFfmpeg(
      ffmpeg.ffmpeg,
      ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', `flite=textfile=${name}.txt:voice=slt,${voice}`, file],
      folder,
      signal,
    );
  } else {
    await runFfmpeg(
      ffmpeg.ffmpeg,
      ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', buildTones(text), '-ar', String(rate), file],
      folder,
      signal,
    );
  }
  const probe = await runFfmpeg(
    ffmpeg.ffprobe,
    ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', file],
    folder,
    signal,
  );
  return Number(probe.trim());
}

/** Without a voice, tones rise and fall once for each word. */
function buildTones(text: string): string {
  const seconds = (text.length / toneRate).toFixed(3);
  const words = text.split(' ').length;
  const beat = (text.length / toneRate / words).toFixed(4);
  const sum = toneHertz.map((hertz, index) => `${0.12 / (index + 1)}*sin(2*PI*${hertz}*t)`).join('+');
  return `aevalsrc='(${sum})*pow(sin(PI*mod(t,${beat})/${beat}),2)':s=${rate}:d=${seconds}`;
}

/** Puts the sentences at their times over a chord that swells slowly. */
async function mix(ffmpeg: Ffmpeg, folder: string, scenes: readonly TimedScene[], seconds: number, signal: AbortSignal): Promise<void> {
  const cues = scenes.flatMap((scene) => scene.cues);
  const inputs = cues.flatMap((_, index) => ['-i', `sentence${index}.wav`]);
  const chord = [110, 164.81, 220, 277.18]
    .map((hertz, index) => `${(0.02 / (1 + index * 0.3)).toFixed(4)}*sin(2*PI*${hertz}*t+${index})`)
    .join('+');
  const filters = [
    ...cues.map((cue, index) => `[${index}:a]adelay=${Math.round(cue.startSeconds * 1000)}:all=1[s${index}]`),
    `aevalsrc='(${chord})*(0.75+0.25*sin(2*PI*t/9))':s=${rate}:d=${seconds.toFixed(3)},afade=t=in:d=1.5,afade=t=out:st=${(seconds - 2).toFixed(3)}:d=2[bed]`,
    `${cues.map((_, index) => `[s${index}]`).join('')}[bed]amix=inputs=${cues.length + 1}:normalize=0:duration=longest,apad,atrim=0:${seconds.toFixed(3)},alimiter=limit=0.9[out]`,
  ];
  await runFfmpeg(
    ffmpeg.ffmpeg,
    [
      '-nostdin',
      '-v',
      'error',
      '-y',
      ...inputs,
      '-filter_complex',
      filters.join(';'),
      '-map',
      '[out]',
      '-ar',
      String(rate),
      '-ac',
      '1',
      'sound.wav',
    ],
    folder,
    signal,
  );
}

/** The cues as an SRT file. */
export function buildSrt(cues: readonly DemoCue[]): string {
  return cues.map((cue, index) => `${index + 1}\n${clock(cue.startSeconds)} --> ${clock(cue.endSeconds)}\n${cue.text}\n`).join('\n');
}

function clock(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const part = (value: number, width: number) => String(Math.floor(value)).padStart(width, '0');
  return `${part(ms / 3_600_000, 2)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)},${part(ms % 1000, 3)}`;
}
