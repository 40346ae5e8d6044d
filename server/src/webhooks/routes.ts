import { type Handlers, personOf } from '../http/request.ts';
import { listDeliveries, replayDelivery, testEndpoint } from './deliver.ts';
import { createEndpoint, deleteEndpoint, listEndpoints, loadEndpoint, presentEndpoint, rotateSecret, updateEndpoint } from './endpoints.ts';

/** Outgoing webhooks. */
export const webhookHandlers = {
  listWebhooks: async (request) => ({ items: await listEndpoints(request.deps, personOf(request)) }),
  createWebhook: async (request) => createEndpoint(request.deps, personOf(request), request.body),
  async getWebhook(request) {
    const { deps, params } = request;
    const { workspaceId } = personOf(request);
    const webhook = await deps.db.inWorkspace(workspaceId, async (tx) =>
      presentEndpoint(deps, await loadEndpoint(deps, tx, workspaceId, params.id)),
    );
    request.setEtag(webhook.version);
    return webhook;
  },
  async updateWebhook(request) {
    const webhook = await updateEndpoint(request.deps, personOf(request), request.params.id, request.body, request.checkMatch);
    request.setEtag(webhook.version);
    return webhook;
  },
  async deleteWebhook(request) {
    await deleteEndpoint(request.deps, personOf(request), request.params.id);
    return undefined;
  },
  rotateWebhookSecret: (request) => rotateSecret(request.deps, personOf(request), request.params.id, request.body.overlapHours),
  testWebhook: (request) => testEndpoint(request.deps, personOf(request), request.params.id),
  listDeliveries: async (request) => ({ items: await listDeliveries(request.deps, personOf(request), request.params.id) }),
  replayDelivery: (request) => replayDelivery(request.deps, personOf(request), request.params.id, request.params.deliveryId),
} satisfies Partial<Handlers>;
