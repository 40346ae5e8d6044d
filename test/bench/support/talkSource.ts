/** A made-up talk, for measuring: a drawn person who speaks, sways, and now and then walks over and back. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { drawFace } from '../../../gpu-agent/test/support/drawFace.ts';
import { makeMedia } from '../../../gpu-agent/test/support/media.ts';

/** The talk repeats after so many seconds: clips that begin this far apart show the very same frames. */
export const loopSeconds = 15;

const across = '620+25*sin(t)+if(gt(mod(t,15),11),min(mod(t,15)-11,1)*500-max(mod(t,15)-14,0)*500,0)';
// A key frame every two seconds, as recorders and video platforms write them; by itself x264 takes the noise for cuts.
const encode = [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '6M', '-maxrate', '9M', '-bufsize', '12M', '-g', '50', '-sc_threshold', '0'],
  ...['-c:a', 'aac', '-b:a', '160k', '-ac', '2'],
];

/**
 * Makes a source of `minutes`, 1920x1080 with 25 frames a second, before a moving ground with the noise of a camera. A quarter of a
 * minute, repeated by copying.
 */
export async function drawTalkSource(directory: string, minutes: number): Promise<string> {
  const [closed, open] = [join(directory, 'closed.png'), join(directory, 'open.png')];
  writeFileSync(closed, drawFace(520));
  writeFileSync(open, drawFace(520, 1));
  const colours = 'c0=0x22405c:c1=0x8a6a4a:c2=0x3c6a58:nb_colors=3';
  const ground = `gradients=size=320x180:rate=25:seed=6:${colours}:speed=0.02:duration=${loopSeconds}`;
  const graph = [
    `[0]scale=1920:1080,noise=alls=5:allf=t[ground]`,
    `[1]loop=-1:1,fps=25[closed];[2]loop=-1:1,fps=25[open]`,
    `[ground][closed]overlay=x='${across}':y=330:shortest=1[one]`,
    `[one][open]overlay=x='${across}':y=330:enable='lt(mod(t,0.4),0.2)':shortest=1,format=yuv420p[picture]`,
    `[3]tremolo=f=4:d=0.9,volume=0.4[sound]`,
  ].join(';');
  const part = await makeMedia(join(directory, 'part.mp4'), [
    ...['-f', 'lavfi', '-i', ground, '-i', closed, '-i', open],
    ...['-f', 'lavfi', '-i', `sine=frequency=180:sample_rate=48000:duration=${loopSeconds}`],
    ...['-filter_complex', graph, '-map', '[picture]', '-map', '[sound]', '-t', String(loopSeconds), ...encode],
  ]);
  const loops = Math.round((minutes * 60) / loopSeconds) - 1;
  return makeMedia(join(directory, 'source.mp4'), ['-stream_loop', String(loops), '-i', part, '-c', 'copy', '-movflags', '+faststart']);
}

/** Makes the same in a process of its own: what drawing leaves in memory would be swept up in the time that is measured. */
export async function makeTalkSource(directory: string, minutes: number): Promise<string> {
  const file = fileURLToPath(new URL('./talkSourceProcess.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, directory, String(minutes)]);
  return stdout;
}
