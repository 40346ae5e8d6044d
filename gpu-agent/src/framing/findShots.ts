/** Looks for faces in the pictures of a segment and joins them to tracks, shot by shot. */
import { open } from 'node:fs/promises';
import type { SpeakingTrack } from './chooseLayout.ts';
import type { CheckedFace, Face, FaceDetector, RawPicture } from './faceDetector.ts';
import { pictureBytes, type SegmentLook } from './look.ts';
import { buildTracks, type FaceSample, type Track } from './tracks.ts';

export interface Shot {
  startSeconds: number;
  seconds: number;
  tracks: SpeakingTrack[];
}

/** Faces are looked for this often, and at the beginning of every shot. */
const sampleEverySeconds = 0.5;
/** A picture that hardly changed since the last look holds the same faces; after this time it is looked at anyway. */
const longestReuseSeconds = 1.6;
const hardlyChanged = 0.9;
/** A track that the detector is this sure of needs no second look. */
const surely = 0.8;
/** Score of the second look from which a face is a face. */
const meshAgrees = 0.25;
/** A face that the mesh does not fit (a profile) still counts when the detector saw it clearly all the time. */
const clearlySeen = 0.62;

/** Finds the shots of a segment and who is in them. */
export async function findShots(look: SegmentLook, segmentSeconds: number, detector: FaceDetector, signal: AbortSignal): Promise<Shot[]> {
  const starts = [0, ...look.cutsSeconds];
  const shots: Shot[] = [];
  for (const [index, startSeconds] of starts.entries()) {
    const endSeconds = starts[index + 1] ?? segmentSeconds;
    const pictures = chooseSamples(look, startSeconds, endSeconds);
    const samples = await detectAll(look, pictures, detector, signal);
    const tracks = buildTracks(samples);
    const real: SpeakingTrack[] = [];
    for (const track of tracks) {
      if (await isFace(track, look, pictures, detector)) {
        real.push({ ...track, mouthMotion: 1 });
      }
    }
    shots.push({ startSeconds, seconds: endSeconds - startSeconds, tracks: real });
  }
  return shots;
}

/** Indexes of the pictures to look at: the first of the shot, then one per interval. */
export function chooseSamples({ timesSeconds }: Pick<SegmentLook, 'timesSeconds'>, startSeconds: number, endSeconds: number): number[] {
  const chosen: number[] = [];
  let next = startSeconds - 0.001;
  for (const [index, time] of timesSeconds.entries()) {
    if (time >= next && time < endSeconds) {
      chosen.push(index);
      next = time + sampleEverySeconds - 0.04;
    }
  }
  return chosen;
}

async function detectAll(
  look: SegmentLook,
  pictures: readonly number[],
  detector: FaceDetector,
  signal: AbortSignal,
): Promise<FaceSample[]> {
  const samples: FaceSample[] = [];
  const bytes = pictureBytes(look);
  let looked: { picture: Buffer; timeSeconds: number; faces: readonly Face[] } | null = null;
  const file = await open(look.rawPath, 'r');
  try {
    for (const index of pictures) {
      signal.throwIfAborted();
      const timeSeconds = look.timesSeconds[index] ?? 0;
      const picture = Buffer.alloc(bytes);
      await file.read(picture, 0, bytes, index * bytes);
      if (
        looked &&
        timeSeconds - looked.timeSeconds < longestReuseSeconds &&
        meanChange(looked.picture, picture, look.width * look.height) < hardlyChanged
      ) {
        samples.push({ timeSeconds, faces: looked.faces });
        continue;
      }
      const faces = await detector.detect(rawPicture(look, index), false);
      looked = { picture, timeSeconds, faces };
      samples.push({ timeSeconds, faces });
    }
  } finally {
    await file.close();
  }
  return samples;
}

function rawPicture(look: SegmentLook, index: number): RawPicture {
  const { rawPath, width, height } = look;
  return { path: rawPath, offset: index * pictureBytes(look), width, height };
}

/** Mean absolute change of the brightness, over every fifth pixel. */
function meanChange(before: Buffer, now: Buffer, pixels: number): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < pixels; at += 5) {
    sum += Math.abs((before[at] ?? 0) - (now[at] ?? 0));
    count += 1;
  }
  return sum / Math.max(1, count);
}

/** The second look, once per track, where the detector was surest. */
async function isFace(track: Track, look: SegmentLook, pictures: readonly number[], detector: FaceDetector): Promise<boolean> {
  const best = [...track.points].sort((a, b) => b.face.score - a.face.score)[0];
  if (!best || track.meanScore >= surely) {
    return best !== undefined;
  }
  const found = await detector.detect(rawPicture(look, pictures[best.sample] ?? 0), true);
  const same = found.find((face) => isNear(face, best.face));
  return (same?.meshScore ?? 0) >= meshAgrees || track.meanScore >= clearlySeen;
}

function isNear(found: CheckedFace, wanted: Face): boolean {
  const x = found.left + found.width / 2;
  const y = found.top + found.height / 2;
  return x > wanted.left && x < wanted.left + wanted.width && y > wanted.top && y < wanted.top + wanted.height;
}
