import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** What judges pictures, as it is called in verdicts. */
export const pictureModel = 'nsfwjs MobileNetV2Mid';

/** Width and height of a picture that is judged. */
export const pictureSide = 224;

export interface PictureJudge {
  /** How likely a picture (224 by 224, RGB, 8 bits each) is nudity or sex, 0 to 1. */
  judge(rgb: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

const answerSchema = z.object({ id: z.number(), error: z.string().optional(), score: z.number().optional() });

/** Makes a judge. Its thread and model are loaded by the first picture and stay. */
export function createPictureJudge(): PictureJudge {
  let worker: Worker | null = null;
  let nextId = 0;
  const waiting = new Map<number, { resolve: (score: number) => void; reject: (error: Error) => void }>();
  const failAll = (error: Error) => {
    worker = null;
    waiting.forEach(({ reject }) => reject(error));
    waiting.clear();
  };
  const start = () => {
    const fresh = new Worker(new URL('./pictureWorker.mjs', import.meta.url), { execArgv: [] });
    fresh.on('message', (message: unknown) => {
      const { id, error, score } = answerSchema.parse(message);
      const caller = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) {
        // An idle judge keeps no process alive.
        fresh.unref();
      }
      if (score === undefined) {
        caller?.reject(new Error(error ?? 'The judge of pictures said nothing.'));
      } else {
        caller?.resolve(score);
      }
    });
    fresh.on('error', failAll);
    fresh.on('exit', () => failAll(new Error('The judge of pictures ended.')));
    return fresh;
  };
  return {
    judge(rgb) {
      worker ??= start();
      nextId += 1;
      const id = nextId;
      const answer = new Promise<number>((resolve, reject) => waiting.set(id, { resolve, reject }));
      worker.ref();
      worker.postMessage({ id, request: { rgb } });
      return answer;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
