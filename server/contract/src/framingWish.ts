import { z } from 'zod';
import { secondsSchema, shareSchema } from './common.ts';

export const layouts = ['follow', 'center', 'fit', 'split', 'grid', 'screen', 'gameplay'] as const;
export const layoutSchema = z
  .enum(layouts)
  .describe(
    'Face followed; centre crop; whole frame over a blur; two people; three or four; screen above and speaker below; camera above and game below',
  );
export type Layout = z.infer<typeof layoutSchema>;

/** How a person wants a clip to be framed; what is left out is chosen by looking. */
export const framingWishSchema = z.object({
  layout: layoutSchema.optional().describe('For every shot that shows enough faces for it'),
  keyframes: z
    .array(
      z.object({
        atSeconds: secondsSchema.describe('In the clip'),
        x: shareSchema.describe('Middle of the crop, as a share of the width of the picture'),
        y: shareSchema.describe('Middle of the crop, as a share of the height of the picture'),
        isJump: z.boolean().optional().describe('Reached at once, not by a move from the key frame before'),
      }),
    )
    .max(200)
    .optional()
    .describe('The crop placed by hand; no layout is chosen then'),
  zoom: z.number().min(1).max(4).optional().describe('With key frames: how much smaller the crop is than the largest one'),
});
export type FramingWish = z.infer<typeof framingWishSchema>;

/** One moment at which a person placed the crop. */
export type Keyframe = NonNullable<FramingWish['keyframes']>[number];
