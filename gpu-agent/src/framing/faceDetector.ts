import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { SmallPicture } from './look.ts';

/** A face, in shares of the picture's width and height. */
export interface Face {
  left: number;
  top: number;
  width: number;
  height: number;
  score: number;
}

/** A face with what the second look thinks of it. */
export interface CheckedFace extends Face {
  /** 0 where a face mesh does not fit; null when it was not asked. */
  meshScore: number | null;
  /** Height of its eyes against their width; null when they were not looked for or not found. */
  eyes: number | null;
}

export interface FaceDetector {
  /** Finds faces; `isCareful` adds the second look at twice the cost. */
  detect(picture: SmallPicture, isCareful: boolean): Promise<CheckedFace[]>;
  close(): Promise<void>;
}

const answerSchema = z.object({
  id: z.number(),
  error: z.string().optional(),
  faces: z
    .array(
      z.object({
        left: z.number(),
        top: z.number(),
        width: z.number(),
        height: z.number(),
        score: z.number(),
        meshScore: z.number().nullable(),
        eyes: z.number().nullable(),
      }),
    )
    .default([]),
});

/** The library makes its boxes larger for the models that come after; the face itself, ear to ear and brow to chin, is this much of them. */
const faceWidthShare = 0.58;
const faceHeightShare = 0.7;

/** Makes a detector. Its thread and models are loaded by the first picture and stay. */
export function createFaceDetector(): FaceDetector {
  let worker: Worker | null = null;
  let nextId = 0;
  const waiting = new Map<number, { resolve: (faces: CheckedFace[]) => void; reject: (error: Error) => void }>();
  const failAll = (error: Error) => {
    worker = null;
    waiting.forEach(({ reject }) => reject(error));
    waiting.clear();
  };
  const start = () => {
    const fresh = new Worker(new URL('./faceWorker.mjs', import.meta.url), { execArgv: [] });
    fresh.on('message', (message: unknown) => {
      const { id, error, faces } = answerSchema.parse(message);
      const caller = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) {
        // An idle detector keeps no process alive.
        fresh.unref();
      }
      if (error === undefined) {
        caller?.resolve(faces.map(tighten));
      } else {
        caller?.reject(new Error(error));
      }
    });
    fresh.on('error', failAll);
    fresh.on('exit', () => failAll(new Error('The face detector ended.')));
    return fresh;
  };
  return {
    detect(picture, isCareful) {
      worker ??= start();
      nextId += 1;
      const id = nextId;
      const answer = new Promise<CheckedFace[]>((resolve, reject) => waiting.set(id, { resolve, reject }));
      worker.ref();
      worker.postMessage({ id, request: { ...picture, isCareful } });
      return answer;
    },
    async close() {
      await worker?.terminate();
    },
  };
}

function tighten(face: CheckedFace): CheckedFace {
  const width = face.width * faceWidthShare;
  const height = face.height * faceHeightShare;
  return { ...face, left: face.left + (face.width - width) / 2, top: face.top + (face.height - height) / 2, width, height };
}
