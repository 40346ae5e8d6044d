import { type Handlers, personOf } from '../http/request.ts';
import { syncCatalogue } from './catalogue.ts';
import { createGrant, deleteGrant, listGrants } from './grants.ts';
import { presentBilling, presentInvoices, presentOffers, presentOverview } from './present.ts';
import { startBillingReconciliation } from './reconcile.ts';
import { refreshWorkspace } from './refresh.ts';
import { receiveEvent } from './stripeEvents.ts';
import {
  cancelSubscription,
  changeSubscription,
  listOffers,
  previewSubscription,
  resumeSubscription,
  startCheckout,
  startPortal,
} from './subscribe.ts';

/** Selling plans, and what administrators see of it. */
export const billingHandlers = {
  getBilling: (request) => presentBilling(request.deps, personOf(request).workspaceId),
  async listOffers(request) {
    return { items: presentOffers(await listOffers(request.deps, personOf(request).workspaceId)) };
  },
  async createCheckout(request) {
    return { url: await startCheckout(request.deps, personOf(request).workspaceId, request.body.priceId) };
  },
  async createPortalSession(request) {
    return { url: await startPortal(request.deps, personOf(request).workspaceId) };
  },
  previewSubscription: (request) => previewSubscription(request.deps, personOf(request).workspaceId, request.body.priceId),
  async changeSubscription(request) {
    const { workspaceId } = personOf(request);
    await changeSubscription(request.deps, workspaceId, request.body);
    return presentBilling(request.deps, workspaceId);
  },
  async cancelSubscription(request) {
    const { workspaceId } = personOf(request);
    await cancelSubscription(request.deps, workspaceId, request.body.when);
    return presentBilling(request.deps, workspaceId);
  },
  async resumeSubscription(request) {
    const { workspaceId } = personOf(request);
    await resumeSubscription(request.deps, workspaceId);
    return presentBilling(request.deps, workspaceId);
  },
  async refreshBilling(request) {
    const { workspaceId } = personOf(request);
    await refreshWorkspace(request.deps, workspaceId);
    return presentBilling(request.deps, workspaceId);
  },
  listInvoices: (request) => presentInvoices(request.deps, personOf(request).workspaceId),
  async receiveStripeEvent({ deps, rawBody, signature }) {
    return { isNew: await receiveEvent(deps, rawBody, signature) };
  },
  getBillingOverview: ({ deps }) => presentOverview(deps),
  syncCatalogue: ({ deps, body }) => syncCatalogue(deps, body.isDryRun),
  createBillingReconciliation: ({ deps }) => startBillingReconciliation(deps),
  async listGrants({ deps }) {
    return { items: await listGrants(deps) };
  },
  createGrant: (request) => createGrant(request.deps, request.body, personOf(request).userId),
  async deleteGrant(request) {
    await deleteGrant(request.deps, request.params.id, personOf(request).userId);
    return undefined;
  },
} satisfies Partial<Handlers>;
