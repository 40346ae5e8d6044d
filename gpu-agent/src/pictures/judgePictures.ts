/** Judges frames of a video: evenly spaced key frames, and around each suspect one a closer look, so that frames can agree. */
import type { Analysis } from '@carmic/contract';
import { ownInputArgs, quietArgs } from '../ffmpeg/safety.ts';
import type { TaskContext } from '../media/task.ts';
import { type PictureJudge, pictureModel, pictureSide } from './pictureJudge.ts';

const mostFrames = 240;
const leastStepSeconds = 2;
/** In a video this short every frame may be looked at; else key frames only, which cost a fraction. */
const shortSeconds = 30;
/** A frame from here on is looked at more closely; no rule for pictures makes sense below. */
const suspectScore = 0.3;
const closeLooks = 12;
const closeSeconds = 0.7;

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** Seconds between two frames that are judged. */
const stepFor = (durationSeconds: number): number => Math.max(leastStepSeconds, durationSeconds / mostFrames);

/** Arguments that write frames of `fileName`, small and as RGB, to standard output, and their times to a file. */
function pictureArgs(
  fileName: string,
  timesFile: string,
  wish: { stepSeconds: number; isShort: boolean } | { atSeconds: number },
): string[] {
  const isClose = 'atSeconds' in wish;
  const from = isClose ? ['-ss', wish.atSeconds.toFixed(3)] : wish.isShort ? [] : ['-skip_frame', 'nokey'];
  const pick = isClose ? [] : [`select=isnan(prev_selected_t)+gte(t-prev_selected_t\\,${wish.stepSeconds.toFixed(3)})`];
  const size = `scale=${pictureSide}:${pictureSide}:flags=area`;
  const times = `scdet=threshold=100,metadata=mode=print:file=${timesFile}`;
  return [
    ...[...quietArgs, '-v', 'error', ...from, ...ownInputArgs('mov'), '-i', fileName, '-map', '0:V:0', '-an'],
    ...['-vf', [...pick, size, times, 'format=rgb24'].join(','), '-vsync', 'passthrough'],
    ...(isClose ? ['-frames:v', '1'] : []),
    ...['-f', 'rawvideo', 'pipe:1'],
  ];
}

/** Looks at a player copy that this agent made. Answers undefined where no frame could be read. */
export async function judgePictures(
  context: TaskContext,
  judge: PictureJudge,
  proxyName: string,
  durationSeconds: number,
  readTimes: (name: string) => Promise<string>,
): Promise<Analysis['pictures']> {
  const frameBytes = pictureSide * pictureSide * 3;
  const look = async (wish: Parameters<typeof pictureArgs>[2]): Promise<number[]> => {
    const scores: number[] = [];
    let rest: Buffer = Buffer.alloc(0);
    await context.run({
      program: 'ffmpeg',
      args: pictureArgs(proxyName, 'pictures.txt', wish),
      directory: context.directory,
      limits: { wallSeconds: 300 + durationSeconds, fileBytes: 10_000_000 },
      signal: context.signal,
      readsSource: false,
      onOutput: async (chunk) => {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (; rest.length >= frameBytes; rest = rest.subarray(frameBytes)) {
          scores.push(await judge.judge(Uint8Array.from(rest.subarray(0, frameBytes))));
        }
      },
    });
    return scores;
  };
  const scores = await look({ stepSeconds: stepFor(durationSeconds), isShort: durationSeconds <= shortSeconds });
  const times = [...(await readTimes('pictures.txt')).matchAll(/pts_time:(-?[\d.]+)/g)].map(([, time]) => Math.max(0, Number(time)));
  const seen = scores.map((score, i) => ({ at: times[i] ?? 0, score }));
  const suspects = seen
    .filter(({ score }) => score >= suspectScore)
    .sort((a, b) => b.score - a.score)
    .slice(0, closeLooks);
  for (const { at } of suspects) {
    for (const near of [at - closeSeconds, at + closeSeconds]) {
      if (near >= 0 && near < durationSeconds) {
        const [score] = await look({ atSeconds: near });
        if (score !== undefined) {
          seen.push({ at: near, score });
        }
      }
    }
  }
  seen.sort((a, b) => a.at - b.at);
  return seen.length === 0
    ? undefined
    : { model: pictureModel, atSeconds: seen.map(({ at }) => round(at, 2)), scores: seen.map(({ score }) => round(score, 3)) };
}
