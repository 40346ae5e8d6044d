import { z } from 'zod';
import { ownInputArgs } from '../ffmpeg/safety.ts';
import { describeRunError } from '../media/describeRunError.ts';
import type { TaskContext } from '../media/task.ts';
import type { FinishedClip } from './certificate.ts';
import { readLoudness } from './loudness.ts';
import { renderFiles } from './filterGraph.ts';
import { verifyArgs } from './renderArgs.ts';

const answerSchema = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string(),
      width: z.number().default(0),
      height: z.number().default(0),
      duration: z.coerce.number().default(0),
      nb_frames: z.coerce.number().default(0),
    }),
  ),
});

/** Measures a finished file: its frames, sizes and lengths, and how loud it came out of the encoder. */
export async function verifyClip(context: TaskContext): Promise<FinishedClip> {
  const request = {
    directory: context.directory,
    limits: { wallSeconds: 300, fileBytes: 50_000_000 },
    signal: context.signal,
  };
  try {
    const probed = await context.run({
      ...request,
      program: 'ffprobe',
      args: ['-hide_banner', '-v', 'error', ...ownInputArgs('mov'), '-show_streams', '-of', 'json', renderFiles.video],
    });
    const heard = await context.run({ ...request, program: 'ffmpeg', args: verifyArgs });
    const { streams } = answerSchema.parse(JSON.parse(probed.stdout.toString('utf8')));
    const video = streams.find((stream) => stream.codec_type === 'video');
    const audio = streams.find((stream) => stream.codec_type === 'audio');
    return {
      frameCount: video?.nb_frames ?? 0,
      videoSeconds: video?.duration ?? 0,
      audioSeconds: audio?.duration ?? 0,
      width: video?.width ?? 0,
      height: video?.height ?? 0,
      loudness: readLoudness(heard.stderr),
    };
  } catch (error) {
    throw describeRunError(error, 'output_invalid', 'Measuring the finished clip');
  }
}
