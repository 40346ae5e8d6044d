import { z } from 'zod';
import { askProcess } from '../neural/askProcess.ts';
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

const facesSchema = z.array(
  z.object({
    left: z.number(),
    top: z.number(),
    width: z.number(),
    height: z.number(),
    score: z.number(),
    meshScore: z.number().nullable(),
    eyes: z.number().nullable(),
  }),
);

/** Boxes are made larger for the mesh that comes after; the face itself, ear to ear and brow to chin, is this much of them. */
const faceWidthShare = 0.58;
const faceHeightShare = 0.7;

/** Makes a detector. Its process and models are started by the first picture and stay. */
export function createFaceDetector(nice = 0): FaceDetector {
  const file = new URL('./faceProcess.mjs', import.meta.url);
  const line = askProcess<SmallPicture & { isCareful: boolean }, CheckedFace[]>(file, facesSchema, 'The face detector', nice);
  return {
    async detect(picture, isCareful) {
      return (await line.ask({ ...picture, isCareful })).map(tighten);
    },
    close: line.close,
  };
}

function tighten(face: CheckedFace): CheckedFace {
  const width = face.width * faceWidthShare;
  const height = face.height * faceHeightShare;
  return { ...face, left: face.left + (face.width - width) / 2, top: face.top + (face.height - height) / 2, width, height };
}
