import { z } from 'zod';
import { idSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';
import { switchboardSchema } from './speech.ts';

const bothSchema = z.object({ en: z.string(), de: z.string() });
export const thirdPartySchema = z.object({
  party: z.string(),
  name: z.string(),
  purpose: bothSchema,
  data: bothSchema,
  region: z.string(),
  transfer: z.string().describe('What allows the transfer where it leaves the EU'),
  contractUrl: z.string().nullable(),
  isSubProcessor: z.boolean().describe('Whether it is given what customers upload or who they are'),
  canWorkspaceRefuse: z.boolean().describe('A workspace may refuse it for itself'),
  host: z.string().nullable().describe('Where it is called; null while nobody switched it on'),
  state: z.enum(['on', 'announced', 'off', 'unused']),
  since: timeSchema.nullable(),
  effectiveAt: timeSchema.nullable().describe('From when on it is called'),
});
export type ThirdParty = z.infer<typeof thirdPartySchema>;

const callSchema = z.object({
  minute: timeSchema,
  party: z.string(),
  host: z.string(),
  videoId: idSchema.nullable(),
  outcome: z.string(),
  optOut: z.string().nullable().describe('The opt-out that the calls carried'),
  calls: z.number().int(),
  sentBytes: z.number().int(),
});
export type ThirdPartyCall = z.infer<typeof callSchema>;

const partyParamsSchema = z.object({ party: z.string().max(50) });

/** Who else is given something, and what. */
export const thirdPartyRoutes = {
  listThirdParties: route({
    method: 'GET',
    path: '/api/v1/third-parties',
    summary: 'The register: who can be called, for what, with which data, since when',
    policy: 'public',
    reply: z.object({ items: z.array(thirdPartySchema) }),
    status: 200,
  }),
  updateThirdParty: route({
    method: 'PATCH',
    path: '/api/v1/third-parties/:party',
    summary: 'Switch a third party off or on again, or let an announced one begin at once',
    policy: 'admin',
    params: partyParamsSchema,
    body: z.object({ isOff: z.boolean().optional(), beginNow: z.literal(true).optional() }),
    reply: thirdPartySchema,
    status: 200,
  }),
  refuseThirdParty: route({
    method: 'PUT',
    path: '/api/v1/third-parties/:party/refusal',
    summary: 'Do not allow a third party for this workspace: nothing of it is sent there, whatever the order of engines says',
    policy: 'owner',
    params: partyParamsSchema,
    reply: switchboardSchema,
    status: 200,
  }),
  allowThirdParty: route({
    method: 'DELETE',
    path: '/api/v1/third-parties/:party/refusal',
    summary: 'Allow a third party for this workspace again',
    policy: 'owner',
    params: partyParamsSchema,
    reply: switchboardSchema,
    status: 200,
  }),
  listThirdPartyCalls: route({
    method: 'GET',
    path: '/api/v1/third-party-calls',
    summary: 'What was sent to third parties for this workspace, newest first',
    policy: 'viewer',
    query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
    reply: z.object({ items: z.array(callSchema) }),
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
