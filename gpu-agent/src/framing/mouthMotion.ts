/** Tells how much a mouth moves from one frame to the next, and the rest of its face. */
import type { Face } from './faceDetector.ts';
import type { SmallPicture } from './look.ts';

type Box = Omit<Face, 'score'>;

/** Mean absolute change of brightness around the mouth, and in the upper half of the face, which tells a moving head or camera. */
export function faceChange(before: SmallPicture, now: SmallPicture, face: Face): { mouth: number; rest: number } {
  return {
    mouth: boxChange(before, now, part(face, 0.25, 0.6, 0.5, 0.38)),
    rest: boxChange(before, now, part(face, 0.15, 0, 0.7, 0.45)),
  };
}

/** Mean absolute change of brightness between two pictures, over every fifth pixel. */
export function pictureChange(before: SmallPicture, now: SmallPicture): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < now.width * now.height; at += 5) {
    sum += Math.abs((before.bytes[at] ?? 0) - (now.bytes[at] ?? 0));
    count += 1;
  }
  return sum / Math.max(1, count);
}

function part(face: Face, left: number, top: number, width: number, height: number): Box {
  return {
    left: face.left + face.width * left,
    top: face.top + face.height * top,
    width: face.width * width,
    height: face.height * height,
  };
}

function boxChange(before: SmallPicture, now: SmallPicture, box: Box): number {
  const { width, height } = now;
  const fromX = Math.max(0, Math.floor(box.left * width));
  const toX = Math.min(width, Math.max(fromX + 1, Math.ceil((box.left + box.width) * width)));
  const fromY = Math.max(0, Math.floor(box.top * height));
  const toY = Math.min(height, Math.max(fromY + 1, Math.ceil((box.top + box.height) * height)));
  let sum = 0;
  let count = 0;
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      const at = y * width + x;
      sum += Math.abs((before.bytes[at] ?? 0) - (now.bytes[at] ?? 0));
      count += 1;
    }
  }
  return count === 0 ? 0 : sum / count;
}
