import { z } from 'zod';
import { idParamsSchema, idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts';
import { route } from './route.ts';

const idsSchema = z.array(idSchema).min(1).max(10_000);

/** What shall be deleted for good. */
export const createErasureBodySchema = z.discriminatedUnion('scope', [
  z.object({ scope: z.literal('rendition'), renditionId: idSchema }),
  z.object({ scope: z.literal('clip'), clipId: idSchema }),
  z.object({ scope: z.literal('video'), videoId: idSchema }),
  z.object({ scope: z.literal('selection'), videoIds: idsSchema.describe('Those that are gone already are passed over') }),
  z.object({
    scope: z.literal('workspace'),
    typedVideoCount: z.number().int().nonnegative().describe('The number of videos, typed in: everything of the workspace is deleted'),
  }),
]);
export type CreateErasureBody = z.infer<typeof createErasureBodySchema>;

export const erasureStepNameSchema = z.enum(['tombstoned', 'cancelled', 'deleted', 'purged', 'probed', 'done']);

/** A deletion and how far it is. */
export const erasureSchema = z.object({
  id: idSchema,
  workspaceId: idSchema,
  scope: z.enum(['rendition', 'clip', 'video', 'selection', 'workspace', 'brand_kit', 'brand_file']),
  cause: z.enum(['request', 'expiry', 'upload_ended', 'backup_restored']),
  state: z.enum(['running', 'late', 'overdue', 'done']).describe('late: after 20 of its 24 hours; overdue: after them'),
  requestedAt: timeSchema,
  deadlineAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  itemCount: z.number().int().describe('Videos, or renditions'),
  doneCount: z.number().int(),
  objectCount: z.number().int().describe('Files that are gone for good'),
  steps: z
    .array(
      z.object({
        name: erasureStepNameSchema,
        doneCount: z.number().int().describe('Items that have passed it'),
        finishedAt: timeSchema.nullable().describe('When the last item passed it'),
      }),
    )
    .describe('In order'),
  waitingFor: z
    .string()
    .nullable()
    .describe('Why it does not go on right now: the last fault of storage or network, or what is waited for'),
  retryAt: timeSchema.nullable(),
  hasReceipt: z.boolean(),
});
export type Erasure = z.infer<typeof erasureSchema>;

export const erasureItemSchema = z.object({
  id: idSchema,
  subject: z.object({ kind: z.enum(['video', 'rendition', 'brand_file']), id: idSchema }),
  step: erasureStepNameSchema,
  objectCount: z.number().int(),
  hasReceipt: z.boolean(),
});

/** A signed receipt: Ed25519 over the canonical JSON (RFC 8785) of `body`. */
export const receiptSchema = z.object({
  format: z.literal('carmic-erasure-receipt/1'),
  keyId: z.string(),
  publicKey: z.string().describe('Raw Ed25519 public key, base64url'),
  signature: z.string().describe('Base64url'),
  body: z.record(z.string(), z.json()),
});

export const receiptKeysSchema = z.object({
  keys: z.array(z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), use: z.literal('sig'), kid: z.string(), x: z.string() })),
});

export const erasureRoutes = {
  createErasure: route({
    method: 'POST',
    path: '/api/v1/erasures',
    summary: 'Delete a rendition, a clip, a video, many videos, or everything of this workspace (owners), for good',
    policy: 'editor',
    body: createErasureBodySchema,
    reply: erasureSchema,
    status: 201,
    isIdempotent: true,
  }),
  listErasures: route({
    method: 'GET',
    path: '/api/v1/erasures',
    summary: 'Deletions, newest first',
    policy: 'viewer',
    query: pageQuerySchema.extend({
      workspaces: z.enum(['own', 'all']).default('own').describe('`all`: of the whole installation, for administrators'),
      state: z.enum(['open', 'all']).default('all'),
    }),
    reply: pageOf(erasureSchema),
    status: 200,
  }),
  getErasure: route({
    method: 'GET',
    path: '/api/v1/erasures/:id',
    summary: 'One deletion with its steps',
    policy: 'viewer',
    params: idParamsSchema,
    reply: erasureSchema,
    status: 200,
  }),
  listErasureItems: route({
    method: 'GET',
    path: '/api/v1/erasures/:id/items',
    summary: 'What a deletion consists of',
    policy: 'viewer',
    params: idParamsSchema,
    query: pageQuerySchema.extend({ cursor: idSchema.optional() }),
    reply: pageOf(erasureItemSchema),
    status: 200,
  }),
  getErasureReceipt: route({
    method: 'GET',
    path: '/api/v1/erasures/:id/receipt',
    summary: 'The signed receipt of a finished deletion; of several items it holds the hashes of theirs',
    policy: 'viewer',
    params: idParamsSchema,
    reply: receiptSchema,
    status: 200,
  }),
  getItemReceipt: route({
    method: 'GET',
    path: '/api/v1/erasure-items/:id/receipt',
    summary: 'The signed receipt of one item: hashes of its keys, times of its steps, negative probes',
    policy: 'viewer',
    params: idParamsSchema,
    reply: receiptSchema,
    status: 200,
  }),
  getReceiptKeys: route({
    method: 'GET',
    path: '/.well-known/carmic-receipt-keys.json',
    summary: 'The public keys with which receipts are verified, as a JSON Web Key Set',
    policy: 'public',
    reply: receiptKeysSchema,
    status: 200,
  }),
} as const;
