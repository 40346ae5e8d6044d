/** Media for tests, made by ffmpeg at set-up and kept for the run: nobody's footage, and every property known. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ffmpeg = process.env['FFMPEG_PATH'] ?? 'ffmpeg';
const ffprobe = process.env['FFPROBE_PATH'] ?? 'ffprobe';
const directory = join(tmpdir(), `carmic-test-media-${process.getuid?.() ?? 0}`);

/** Makes a file with the given ffmpeg arguments (the output is added) once, and answers its path. */
export async function makeMedia(extension: string, args: readonly string[]): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const name = createHash('sha256').update(JSON.stringify(args)).digest('hex').slice(0, 16);
  const path = join(directory, `${name}.${extension}`);
  if (!existsSync(path)) {
    const temporary = join(directory, `${name}-${process.pid}-${Math.random().toString(36).slice(2)}.${extension}`);
    await run(ffmpeg, ['-nostdin', '-v', 'error', '-y', ...args, temporary], { maxBuffer: 1 << 24 });
    renameSync(temporary, path);
  }
  return path;
}

export interface TalkOptions {
  seconds?: number;
  size?: string;
  hasSound?: boolean;
  extra?: readonly string[];
}

/** A video that moves, cuts every ten seconds, and has a tone whose loudness changes. */
export function makeTalk({ seconds = 30, size = '640x360', hasSound = true, extra = [] }: TalkOptions = {}): Promise<string> {
  const sound = ['-f', 'lavfi', '-i', `aevalsrc='0.4*sin(440*2*PI*t)*(0.4+0.6*gt(sin(t/3),0))':s=48000:d=${seconds}`];
  return makeMedia('mp4', [
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30:duration=${seconds},hue=h='floor(t/10)*70'`],
    ...(hasSound ? sound : []),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '60', ...(hasSound ? ['-c:a', 'aac'] : []), ...extra],
  ]);
}

const sentences = [
  'Why did the harbour close in winter?',
  'Because the ice had broken every second pier, and nobody paid for repairs.',
  'My grandfather rebuilt three of them with his own hands.',
  'That changed everything for the fishermen of our town.',
  'Last year a bakery opened right beside the lighthouse.',
  'It sells eleven kinds of bread, and the queue is never short.',
  'Tourists love the one with walnuts and honey.',
  'The owner told me she had never baked before she turned fifty.',
  'Then a storm took the roof in a single night.',
  'Four hundred neighbours came to carry the stones back.',
  'I have never seen so many people smile in the rain.',
];

/** Captions of one sentence every four seconds. */
export function makeCaptions(seconds: number): string {
  const time = (at: number) => `00:${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')},000`;
  return Array.from({ length: Math.floor(seconds / 4) }, (_, index) => {
    const start = index * 4;
    return `${index + 1}\n${time(start)} --> ${time(start + 4)}\n${sentences[index % sentences.length] ?? ''}\n`;
  }).join('\n');
}

export interface ProbedStream {
  codec_type: string;
  codec_name: string;
  width?: number;
  height?: number;
  nb_read_packets?: string;
  duration?: string;
  sample_rate?: string;
}

/** What ffprobe says of a file. */
export async function probeFile(
  path: string,
): Promise<{ streams: ProbedStream[]; format: { duration: string; tags?: Record<string, string> } }> {
  const { stdout } = await run(ffprobe, ['-v', 'error', '-count_packets', '-show_streams', '-show_format', '-of', 'json', path]);
  return JSON.parse(stdout) as { streams: ProbedStream[]; format: { duration: string; tags?: Record<string, string> } };
}

/** Integrated loudness (LUFS) and true peak (dBTP) of a file, by ffmpeg's EBU R 128 meter. */
export async function measureLoudness(path: string): Promise<{ integratedLufs: number; truePeakDbtp: number }> {
  const { stderr } = await run(
    ffmpeg,
    ['-nostdin', '-hide_banner', '-i', path, '-map', '0:a:0', '-af', 'ebur128=peak=true', '-f', 'null', '-'],
    { maxBuffer: 1 << 26 },
  );
  const summary = stderr.slice(stderr.lastIndexOf('Summary:'));
  return {
    integratedLufs: Number(/I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1]),
    truePeakDbtp: Number(/Peak:\s+(-?[\d.]+) dBFS/.exec(summary)?.[1]),
  };
}

export const readMedia = (path: string): Buffer => readFileSync(path);
