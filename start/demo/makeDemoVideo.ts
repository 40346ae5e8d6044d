import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ffmpeg } from '../ffmpeg.ts';
import { makePicture } from './demoPicture.ts';
import { buildSrt, makeSound } from './demoSound.ts';
import { runFfmpeg } from './runFfmpeg.ts';

export interface DemoVideo {
  readonly videoPath: string;
  readonly captionsPath: string;
  readonly seconds: number;
}

/** Makes the demonstration video and its captions in `folder`; `onProgress` gets the share that is done. */
export async function makeDemoVideo(
  ffmpeg: Ffmpeg,
  folder: string,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<DemoVideo> {
  const scenes = await makeSound(ffmpeg, folder, signal);
  onProgress(0.1);
  const files = await makePicture(ffmpeg, folder, scenes, (share) => onProgress(0.1 + share * 0.85), signal);
  writeFileSync(join(folder, 'scenes.txt'), files.map((file) => `file '${file}'\n`).join(''));
  const sources = ['-f', 'concat', '-safe', '0', '-i', 'scenes.txt', '-i', 'sound.wav'];
  const codecs = ['-map', '0:v', '-map', '1:a', '-c:v', 'copy', '-c:a', 'aac', '-b:a', '160k', '-ac', '2', '-movflags', '+faststart'];
  await runFfmpeg(ffmpeg.ffmpeg, ['-nostdin', '-v', 'error', '-y', ...sources, ...codecs, 'demo.mp4'], folder, signal);
  const captionsPath = join(folder, 'demo.srt');
  writeFileSync(captionsPath, buildSrt(scenes.flatMap((scene) => scene.cues)));
  onProgress(1);
  return { videoPath: join(folder, 'demo.mp4'), captionsPath, seconds: scenes.reduce((sum, scene) => sum + scene.lengthSeconds, 0) };
}
