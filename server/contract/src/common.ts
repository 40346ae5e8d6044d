import { z } from 'zod';

/** A UUID as every resource id is written. */
export const idSchema = z.uuid().describe('UUID of a resource');

/** An ISO-8601 time in UTC. */
export const timeSchema = z.iso.datetime().describe('ISO-8601 time in UTC');

/** A point or length on a media time line, in seconds. */
export const secondsSchema = z.number().nonnegative().describe('Seconds');

/** A share between 0 and 1. */
export const shareSchema = z.number().min(0).max(1).describe('Share between 0 and 1');

/** Lower-case hexadecimal SHA-256. */
export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 as 64 lower-case hexadecimal digits');

/** Query of every list: an opaque cursor from the previous page and a page size. */
export const pageQuerySchema = z.object({
  cursor: z.string().max(200).optional().describe('`nextCursor` of the previous page'),
  limit: z.coerce.number().int().min(1).max(100).default(25).describe('Items per page'),
});

/** Builds the reply schema of a list of `item`. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Null on the last page'),
  });
}

/** What a route without a reply body answers (status 204). */
export const noContentSchema = z.undefined();

/** Parameters of a route that names one resource. */
export const idParamsSchema = z.object({ id: idSchema });
