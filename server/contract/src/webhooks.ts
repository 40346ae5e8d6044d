import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { eventTypeSchema } from './events.ts';
import { route, type RouteDefinition } from './route.ts';

export const webhookSchema = z.object({
  id: idSchema,
  url: z.string(),
  eventTypes: z.array(eventTypeSchema).describe('Empty: every event'),
  isEnabled: z.boolean(),
  disabledReason: z.string().nullable(),
  failingSince: timeSchema.nullable(),
  secretCount: z.number().int().describe('Two while a rotation overlaps'),
  createdAt: timeSchema,
  version: z.string().describe('Its ETag: send it as If-Match with a change'),
});
export type Webhook = z.infer<typeof webhookSchema>;

export const webhookDeliverySchema = z.object({
  id: idSchema,
  eventId: z.string(),
  type: z.string(),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.number().int(),
  lastStatus: z.number().int().nullable().describe('HTTP status of the last answer'),
  lastError: z.string().nullable(),
  nextAttemptAt: timeSchema.nullable(),
  createdAt: timeSchema,
  deliveredAt: timeSchema.nullable(),
});
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;

const urlSchema = z.string().min(8).max(2000).describe('http or https address; the operator opens hosts with CARMIC_OUTGOING_HOSTS');
const deliveryParamsSchema = z.object({ id: idSchema, deliveryId: idSchema });
const withSecretSchema = z.object({ webhook: webhookSchema, secret: z.string().describe('Signs the calls; shown only now') });

/** Outgoing webhooks of a workspace. */
export const webhookRoutes = {
  listWebhooks: route({
    method: 'GET',
    path: '/api/v1/webhooks',
    summary: 'Addresses that are told of events',
    policy: 'owner',
    reply: z.object({ items: z.array(webhookSchema) }),
    status: 200,
  }),
  createWebhook: route({
    method: 'POST',
    path: '/api/v1/webhooks',
    summary: 'Tell an address of events',
    policy: 'owner',
    body: z.object({ url: urlSchema, eventTypes: z.array(eventTypeSchema).max(100).default([]) }),
    reply: withSecretSchema,
    status: 201,
  }),
  getWebhook: route({
    method: 'GET',
    path: '/api/v1/webhooks/:id',
    summary: 'One webhook',
    policy: 'owner',
    params: idParamsSchema,
    reply: webhookSchema,
    status: 200,
    hasEtag: true,
  }),
  updateWebhook: route({
    method: 'PATCH',
    path: '/api/v1/webhooks/:id',
    summary: 'Change a webhook, or switch it on again',
    policy: 'owner',
    params: idParamsSchema,
    body: z.object({
      url: urlSchema.optional(),
      eventTypes: z.array(eventTypeSchema).max(100).optional(),
      isEnabled: z.boolean().optional(),
    }),
    reply: webhookSchema,
    status: 200,
    hasEtag: true,
  }),
  deleteWebhook: route({
    method: 'DELETE',
    path: '/api/v1/webhooks/:id',
    summary: 'Remove a webhook with its log',
    policy: 'owner',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  rotateWebhookSecret: route({
    method: 'POST',
    path: '/api/v1/webhooks/:id/secrets',
    summary: 'A new secret; calls carry a signature of the old one too for the overlap',
    policy: 'owner',
    params: idParamsSchema,
    body: z.object({ overlapHours: z.number().int().min(0).max(720).default(24) }),
    reply: withSecretSchema,
    status: 201,
  }),
  testWebhook: route({
    method: 'POST',
    path: '/api/v1/webhooks/:id/tests',
    summary: 'Send a test event now',
    policy: 'owner',
    params: idParamsSchema,
    reply: webhookDeliverySchema,
    status: 201,
  }),
  listDeliveries: route({
    method: 'GET',
    path: '/api/v1/webhooks/:id/deliveries',
    summary: 'The last two hundred deliveries, newest first',
    policy: 'owner',
    params: idParamsSchema,
    reply: z.object({ items: z.array(webhookDeliverySchema) }),
    status: 200,
  }),
  replayDelivery: route({
    method: 'POST',
    path: '/api/v1/webhooks/:id/deliveries/:deliveryId/replays',
    summary: 'Deliver once more, with the same event id',
    policy: 'owner',
    params: deliveryParamsSchema,
    reply: webhookDeliverySchema,
    status: 201,
  }),
} as const satisfies Record<string, RouteDefinition>;
