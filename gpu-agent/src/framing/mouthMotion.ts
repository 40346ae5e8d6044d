/** Tells how much a mouth moves, against the rest of its face. */
import { open } from 'node:fs/promises';
import { pictureBytes, type SegmentLook } from './look.ts';
import type { Track } from './tracks.ts';
import type { Face } from './faceDetector.ts';

/** Pictures that are compared with the one before; more tell little more. */
const mostPictures = 240;
const smallest = 0.5;

/**
 * Mean absolute change in the mouth box against that in the upper half of the face, over the time of each track; 1 where nothing can be
 * said. A head that moves, or a camera, changes both alike.
 */
export async function measureMouths(look: SegmentLook, tracks: readonly Track[]): Promise<number[]> {
  const size = pictureBytes(look);
  const sums = tracks.map(() => ({ mouth: 0, rest: 0, count: 0 }));
  const file = await open(look.rawPath, 'r');
  try {
    let before = Buffer.alloc(size);
    let now = Buffer.alloc(size);
    const every = Math.max(1, Math.ceil(look.timesSeconds.length / mostPictures));
    for (const [index, time] of look.timesSeconds.entries()) {
      // Neighbours are compared, and where there are too many, only some pairs of neighbours.
      const isWanted = index % every === 0 || (index + 1) % every === 0;
      if (!isWanted) {
        continue;
      }
      [before, now] = [now, before];
      await file.read(now, 0, size, index * size);
      if (index === 0 || (every > 1 && index % every !== 0)) {
        continue;
      }
      for (const [which, track] of tracks.entries()) {
        const face = faceAt(track, time);
        const sum = sums[which];
        if (face && sum) {
          sum.mouth += change(before, now, look, part(face, 0.25, 0.6, 0.5, 0.38));
          sum.rest += change(before, now, look, part(face, 0.15, 0, 0.7, 0.45));
          sum.count += 1;
        }
      }
    }
  } finally {
    await file.close();
  }
  return sums.map(({ mouth, rest, count }) => (count === 0 ? 1 : (mouth / count + smallest) / (rest / count + smallest)));
}

/** Where the face is at a time inside its track: the nearest sighting, which is at most a second away. */
function faceAt(track: Track, time: number): Face | null {
  let nearest: Face | null = null;
  let away = 1;
  for (const point of track.points) {
    const distance = Math.abs(point.timeSeconds - time);
    if (distance < away) {
      nearest = point.face;
      away = distance;
    }
  }
  return nearest;
}

function part(face: Face, left: number, top: number, width: number, height: number): Omit<Face, 'score'> {
  return {
    left: face.left + face.width * left,
    top: face.top + face.height * top,
    width: face.width * width,
    height: face.height * height,
  };
}

/** Mean absolute change of the brightness in a box. */
function change(before: Buffer, now: Buffer, { width, height }: SegmentLook, box: Omit<Face, 'score'>): number {
  const fromX = Math.max(0, Math.floor(box.left * width));
  const toX = Math.min(width, Math.max(fromX + 1, Math.ceil((box.left + box.width) * width)));
  const fromY = Math.max(0, Math.floor(box.top * height));
  const toY = Math.min(height, Math.max(fromY + 1, Math.ceil((box.top + box.height) * height)));
  let sum = 0;
  let count = 0;
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      const at = y * width + x;
      sum += Math.abs((before[at] ?? 0) - (now[at] ?? 0));
      count += 1;
    }
  }
  return count === 0 ? 0 : sum / count;
}
