/**
 * Finds frames that can stand for a clip: sharp, with a large face whose eyes are open.
 *
 * While a span is looked at, the most promising frame of each part of it is kept as a picture; at its end these few get the second look
 * that tells of eyes. Which of them show well in the finished picture is decided when the framing is known.
 */
import type { CheckedFace, Face, FaceDetector } from './faceDetector.ts';
import { keepPicture, type SmallPicture } from './look.ts';

/** A frame that may stand for its clip. */
export interface Still {
  /** Counted from the span's first. */
  frame: number;
  /** Mean second difference of brightness, in the largest face where there is one. */
  sharpness: number;
  /** The largest face; null without one. */
  face: Face | null;
  /** Height of its eyes against their width; null where they were not found. */
  eyes: number | null;
}

export interface StillKeeper {
  offer(picture: SmallPicture, frame: number, faces: readonly CheckedFace[]): void;
  /** Looks once more at what was kept. */
  finish(detector: FaceDetector): Promise<Still[]>;
}

const secondsPerStill = 5;
const mostStills = 6;

interface Kept {
  picture: SmallPicture;
  still: Still;
  promise: number;
}

/** Makes a keeper for a span of so many frames. */
export function createStillKeeper(frames: number, framesPerSecond: number): StillKeeper {
  const parts = Math.max(1, Math.min(mostStills, Math.ceil(frames / framesPerSecond / secondsPerStill)));
  const kept = new Map<number, Kept>();
  return {
    offer(picture, frame, faces) {
      const face = largestOf(faces);
      const sharpness = sharpnessOf(picture, face);
      const promise = Math.sqrt(sharpness) * (face === null ? 0.3 : 0.5 + Math.sqrt(face.width * face.height));
      const part = Math.min(parts - 1, Math.floor((frame * parts) / Math.max(1, frames)));
      if (promise > (kept.get(part)?.promise ?? -1)) {
        kept.set(part, { picture: keepPicture(picture), promise, still: { frame, sharpness, face, eyes: null } });
      }
    },
    async finish(detector) {
      const stills: Still[] = [];
      for (const { picture, still } of kept.values()) {
        const looked = still.face === null ? [] : await detector.detect(picture, true);
        const face = looked.find((candidate) => still.face !== null && isSame(candidate, still.face));
        stills.push({ ...still, eyes: face?.eyes ?? null });
      }
      kept.clear();
      return stills;
    },
  };
}

function largestOf(faces: readonly CheckedFace[]): Face | null {
  return faces.reduce<Face | null>((best, face) => (best && best.width * best.height >= face.width * face.height ? best : face), null);
}

function isSame(a: Face, b: Face): boolean {
  return (
    Math.abs(a.left + a.width / 2 - b.left - b.width / 2) < b.width / 2 &&
    Math.abs(a.top + a.height / 2 - b.top - b.height / 2) < b.height / 2
  );
}

const wholePicture = { left: 0, top: 0, width: 1, height: 1 };

/** Mean absolute second difference of brightness in both directions, over every second pixel of an area. */
export function sharpnessOf({ bytes, width, height }: SmallPicture, area: Pick<Face, 'left' | 'top' | 'width' | 'height'> | null): number {
  const box = area ?? wholePicture;
  const [fromX, toX] = [Math.max(1, Math.floor(box.left * width)), Math.min(width - 1, Math.ceil((box.left + box.width) * width))];
  const [fromY, toY] = [Math.max(1, Math.floor(box.top * height)), Math.min(height - 1, Math.ceil((box.top + box.height) * height))];
  let sum = 0;
  let count = 0;
  for (let y = fromY; y < toY; y += 2) {
    for (let x = fromX; x < toX; x += 2) {
      const at = y * width + x;
      const around = (bytes[at - 1] ?? 0) + (bytes[at + 1] ?? 0) + (bytes[at - width] ?? 0) + (bytes[at + width] ?? 0);
      sum += Math.abs(4 * (bytes[at] ?? 0) - around);
      count += 1;
    }
  }
  return sum / Math.max(1, count);
}
