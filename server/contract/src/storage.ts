import { z } from 'zod';
import { timeSchema } from './common.ts';
import { route } from './route.ts';

/** What looking at the storage can find. */
export const storageFindings = [
  ...['directory_private', 'directory_open', 'space_free', 'space_short', 'keys_current', 'keys_former', 'keys_unreadable'],
  ...['round_trip', 'round_trip_differs', 'round_trip_kept', 'round_trip_failed', 'round_trip_refused'],
  ...[
    'reachable',
    'no_bucket',
    'clock_refused',
    'key_refused',
    'list_denied',
    'wrong_region',
    'unreachable',
    'clocks_agree',
    'clocks_differ',
  ],
  ...['no_object_lock', 'object_lock', 'no_versions', 'versions', 'nothing_expires', 'rule_expires'],
  ...['cors_unknown', 'cors_silent', 'cors_refused', 'cors_allowed'],
  ...['encrypted', 'encryption_untold', 'not_encrypted', 'own_key_needed', 'own_key_ignored', 'not_public', 'public'],
  ...['checksums_kept', 'checksums_missing', 'not_replaced', 'replaced'],
] as const;
export type StorageFinding = (typeof storageFindings)[number];

/** One thing that was looked at in the storage of objects. */
export const storageCheckSchema = z.object({
  name: z.string().describe('snake_case; starts with `former_` for the storage that objects are moved from'),
  passed: z.boolean(),
  isFatal: z.boolean().describe('The server does not start while this fails'),
  finding: z.enum(storageFindings).describe('What was found, for programs and other languages'),
  values: z.record(z.string(), z.union([z.string(), z.number()])).describe('What the sentence names: sizes, addresses, reasons'),
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
