/**
 * How a finished rendition is framed, and where a crop stands that a person placed. The agent renders by it and the console draws by it, so
 * that what is seen while editing is what comes out.
 */
import { z } from 'zod';
import { idParamsSchema, secondsSchema, shareSchema } from './common.ts';
import type { Keyframe } from './framingWish.ts';
import { route } from './route.ts';

const pathPointSchema = z.object({ atSeconds: secondsSchema, left: shareSchema, top: shareSchema });
export type PathPoint = z.infer<typeof pathPointSchema>;

/** The path of one crop over a part of a clip. */
export const cropPathSchema = z.object({
  startSeconds: secondsSchema.describe('In the clip, without an intro'),
  endSeconds: secondsSchema,
  width: z.number().positive().max(1).describe('Share of the width of the picture'),
  height: z.number().positive().max(1).describe('Share of the height of the picture'),
  points: z
    .array(pathPointSchema)
    .min(1)
    .max(4000)
    .describe('Left and upper edge at times of the clip; the crop moves evenly between them'),
});
export type CropPath = z.infer<typeof cropPathSchema>;

/** A face in the finished picture, in shares of its sides, and when it is there. */
export const clipFaceSchema = z.object({
  startSeconds: secondsSchema.describe('In the clip, without an intro'),
  endSeconds: secondsSchema,
  left: z.number(),
  top: z.number(),
  width: z.number().nonnegative(),
  height: z.number().nonnegative(),
});
export type ClipFace = z.infer<typeof clipFaceSchema>;

/** Most entries of a record; of a clip with more only the first are kept. */
export const mostRecorded = { crops: 500, points: 4000, faces: 3000 } as const;

/** What an agent writes down of a rendition's framing. */
export const framingRecordSchema = z.object({
  crops: z
    .array(cropPathSchema)
    .max(mostRecorded.crops)
    .describe('One at a time where one crop is shown, several where panels are; none where all of the picture is'),
  faces: z.array(clipFaceSchema).max(mostRecorded.faces).describe('What captions keep off'),
});
export type FramingRecord = z.infer<typeof framingRecordSchema>;

/** Routes about framing. */
export const framingRoutes = {
  getFraming: route({
    method: 'GET',
    path: '/api/v1/renditions/:id/framing',
    summary: 'How a finished rendition is framed: the paths of its crops, and where faces stand in it',
    policy: 'viewer',
    params: idParamsSchema,
    reply: framingRecordSchema,
    status: 200,
  }),
};

/** Share of the picture's width and height that a crop takes. */
export interface CropShares {
  widthShare: number;
  heightShare: number;
}

/** Shares of the largest crop of a shape. */
export function largestCrop(source: { width: number; height: number }, shape: { width: number; height: number }): CropShares {
  const ratio = shape.width / shape.height / (source.width / source.height);
  return ratio < 1 ? { widthShare: ratio, heightShare: 1 } : { widthShare: 1, heightShare: 1 / ratio };
}

/** The middle of a crop at a time: eased between key frames, at once where one says so. `sorted` is in order of time. */
export function keyframeMiddle(sorted: readonly Keyframe[], seconds: number): { x: number; y: number } {
  const half = 1e-6;
  const nextIndex = sorted.findIndex((keyframe) => keyframe.atSeconds > seconds + half);
  const next = nextIndex < 0 ? undefined : sorted[nextIndex];
  const before = nextIndex < 0 ? sorted.at(-1) : sorted[nextIndex - 1];
  if (!before || !next || next.isJump) {
    const held = before ?? next ?? { x: 0.5, y: 0.5 };
    return { x: held.x, y: held.y };
  }
  const share = (seconds - before.atSeconds) / (next.atSeconds - before.atSeconds);
  const eased = share * share * (3 - 2 * share);
  return { x: before.x + (next.x - before.x) * eased, y: before.y + (next.y - before.y) * eased };
}

/** The edge of a crop whose middle is wanted somewhere: it never leaves the picture. */
export function cropEdge(middle: number, share: number): number {
  return Math.min(1 - share, Math.max(0, middle - share / 2));
}

/** Leaves out points that lie close to the line between their neighbours (Douglas and Peucker 1973, with the distance at the same time). */
export function simplifyPath(points: readonly PathPoint[], tolerance: number): PathPoint[] {
  const kept = new Set([0, points.length - 1]);
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [first, last] = span;
    const [from, to] = [points[first], points[last]];
    let farthest = -1;
    let most = tolerance;
    for (let index = first + 1; from !== undefined && to !== undefined && index < last; index++) {
      const point = points[index] ?? from;
      const along = (point.atSeconds - from.atSeconds) / (to.atSeconds - from.atSeconds);
      const away = Math.max(
        Math.abs(point.left - from.left - (to.left - from.left) * along),
        Math.abs(point.top - from.top - (to.top - from.top) * along),
      );
      if (away > most) {
        [farthest, most] = [index, away];
      }
    }
    if (farthest > 0) {
      kept.add(farthest);
      open.push([first, farthest], [farthest, last]);
    }
  }
  return points.filter((_, index) => kept.has(index));
}
