import { z } from 'zod';
import { timeSchema } from './common.ts';
import { route } from './route.ts';

/** One thing that was looked at in the storage of objects. */
export const storageCheckSchema = z.object({
  name: z.string().describe('snake_case; starts with `former_` for the storage that objects are moved from'),
  passed: z.boolean(),
  isFatal: z.boolean().describe('The server does not start while this fails'),
  message: z.string().describe('What was found, in one sentence'),
  remedy: z.string().nullable().describe('What to do about it; null when it passed'),
  command: z.string().nullable().describe('The command that mends it, where there is one'),
});
export type StorageCheck = z.infer<typeof storageCheckSchema>;

/** Where objects are kept, and whether that place is as it must be. */
export const storageHealthSchema = z.object({
  driver: z.enum(['disk', 's3']),
  place: z.string().describe('Directory, or address of the bucket'),
  checkedAt: timeSchema,
  checks: z.array(storageCheckSchema),
});
export type StorageHealth = z.infer<typeof storageHealthSchema>;

export const storageRoutes = {
  getStorage: route({
    method: 'GET',
    path: '/api/v1/storage',
    summary: 'Where objects are kept; looks anew whether that place is as it must be',
    policy: 'admin',
    reply: storageHealthSchema,
    status: 200,
  }),
} as const;
