import { z } from 'zod';
import { billingDetailSchema } from './billingDetails.ts';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { planFeatureSchema, planLimitsSchema, retentionRuleSchema } from './plans.ts';
import { route } from './route.ts';

/** Every state of a subscription at Stripe. */
export const subscriptionStatuses = [
  'incomplete',
  'incomplete_expired',
  'trialing',
  'active',
  'past_due',
  'canceled',
  'unpaid',
  'paused',
] as const;
export const subscriptionStatusSchema = z.enum(subscriptionStatuses);
export type SubscriptionStatus = z.infer<typeof subscriptionStatusSchema>;

const moneySchema = z.number().int().describe('In the smallest unit of the currency');
const currencySchema = z.string().regex(/^[a-z]{3}$/);
const priceIdSchema = z
  .string()
  .regex(/^price_\w{1,100}$/)
  .describe('Id of a price at Stripe');
const urlReplySchema = z.object({ url: z.url().describe('Page of Stripe to send the browser to') });

/** What a price by use counts: minutes beyond those of the plan, or people beyond it by the day. */
export const priceMeterSchema = z.enum(['minutes', 'seats']);
export type PriceMeter = z.infer<typeof priceMeterSchema>;

export const priceSchema = z.object({
  id: z.string(),
  currency: currencySchema,
  amount: moneySchema.nullable().describe('Null: it depends on the quantity'),
  period: z.enum(['month', 'year']),
  isMetered: z.boolean().describe('A price by use'),
  meter: priceMeterSchema.nullable().describe('What a price by use counts; null for a fixed price'),
});
export type PlanPrice = z.infer<typeof priceSchema>;

/** A plan that can be subscribed to. */
export const offerSchema = z.object({
  planId: idSchema,
  name: z.string(),
  retention: retentionRuleSchema,
  limits: planLimitsSchema,
  features: z.array(planFeatureSchema),
  prices: z.array(priceSchema).describe('Empty: the plan that costs nothing'),
  isCurrent: z.boolean(),
});
export type Offer = z.infer<typeof offerSchema>;

/** Where the money of a workspace stands. */
export const billingSchema = z.object({
  isOn: z.boolean().describe('Whether this installation sells plans'),
  trialDays: z.number().int().describe('Free days that a first subscription begins with'),
  subscription: z
    .object({
      status: subscriptionStatusSchema,
      isEntitled: z.boolean().describe('Whether the plan that was bought applies now'),
      planName: z.string().nullable(),
      price: priceSchema.nullable(),
      periodEndsAt: timeSchema.nullable(),
      cancelsAt: timeSchema.nullable(),
      trialEndsAt: timeSchema.nullable(),
      card: z.object({ brand: z.string(), lastFour: z.string() }).nullable(),
      unpaidInvoiceUrl: z.url().nullable().describe('Page of Stripe on which an open invoice is paid or a payment confirmed'),
      paymentAttempts: z.number().int().describe('How often the open invoice was tried'),
      nextAttemptAt: timeSchema.nullable().describe('When Stripe tries it again'),
    })
    .nullable(),
  grant: z.object({ planName: z.string(), endsAt: timeSchema.nullable() }).nullable().describe('A plan that an administrator gave'),
  fetchedAt: timeSchema.nullable().describe('When Stripe was asked last'),
});
export type Billing = z.infer<typeof billingSchema>;

const impactSummarySchema = z.object({
  videos: z.number().int().describe('Videos that would end earlier'),
  bytes: z.number().int(),
  firstExpiryAt: timeSchema.nullable(),
});

export const changePreviewSchema = z.object({
  currency: currencySchema,
  dueNow: moneySchema.describe('What is charged at once; below zero it is credited'),
  lines: z.array(z.object({ text: z.string(), amount: moneySchema })),
  prorationAt: timeSchema.describe('Send it with the change, so that exactly this is charged'),
  impact: impactSummarySchema,
});
export type ChangePreview = z.infer<typeof changePreviewSchema>;

export const invoiceSchema = z.object({
  id: z.string(),
  number: z.string().nullable(),
  status: z.string(),
  currency: currencySchema,
  total: moneySchema,
  paid: moneySchema,
  credited: moneySchema.describe('Given back by credit notes after the payment'),
  createdAt: timeSchema,
  pageUrl: z.url().nullable(),
  pdfUrl: z.url().nullable(),
});
export type Invoice = z.infer<typeof invoiceSchema>;

export const grantSchema = z.object({
  id: idSchema,
  workspaceId: idSchema,
  workspaceName: z.string(),
  planName: z.string(),
  reason: z.string(),
  grantedBy: z.string().nullable(),
  grantedAt: timeSchema,
  endsAt: timeSchema.nullable(),
  isInForce: z.boolean(),
});
export type PlanGrant = z.infer<typeof grantSchema>;

const billingFindingSchema = z.object({
  kind: z.string(),
  subject: z.string(),
  text: z.string().describe('The finding in English'),
  detail: billingDetailSchema.nullable().describe('What `text` says, as a code with values; null where the kind says it all'),
  isRepaired: z.boolean(),
});
export type BillingFinding = z.infer<typeof billingFindingSchema>;

export const billingReconciliationSchema = z.object({
  id: idSchema,
  startedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  checked: z.number().int().describe('Workspaces that were compared'),
  findings: z.array(billingFindingSchema),
  failure: z.string().nullable(),
});
export type BillingReconciliation = z.infer<typeof billingReconciliationSchema>;

/** What a synchronisation of prices found or did. */
export const catalogueDifferenceSchema = z.object({
  kind: z.enum(['new', 'changed', 'gone', 'unknown_plan', 'not_sold']),
  planName: z.string().nullable(),
  priceId: z.string().nullable(),
  price: priceSchema.nullable().describe('As Stripe has it; null where there is none'),
  text: z.string(),
});
export const catalogueSyncSchema = z.object({ isDryRun: z.boolean(), differences: z.array(catalogueDifferenceSchema) });
export type CatalogueSync = z.infer<typeof catalogueSyncSchema>;

/** Money that went back, or that a customer disputes at the bank. */
export const incidentSchema = z.object({
  id: z.string().describe('Id of the refund or dispute at Stripe'),
  kind: z.enum(['refund', 'dispute']),
  workspaceId: idSchema.nullable(),
  workspaceName: z.string().nullable(),
  status: z.string().describe('As Stripe names it'),
  reason: z.string().nullable(),
  amount: moneySchema,
  currency: currencySchema,
  dueAt: timeSchema.nullable().describe('Until when an open dispute is answered'),
  createdAt: timeSchema,
});
export type BillingIncident = z.infer<typeof incidentSchema>;

export const billingOverviewSchema = z.object({
  isOn: z.boolean(),
  isLive: z.boolean().describe('Whether the key is one of live mode'),
  webhookUrl: z.url().describe('Address to give to Stripe'),
  hasWebhookSecret: z.boolean(),
  byStatus: z.array(z.object({ status: subscriptionStatusSchema, count: z.number().int() })),
  failedPayments: z
    .array(
      z.object({ workspaceId: idSchema, workspaceName: z.string(), status: subscriptionStatusSchema, fetchedAt: timeSchema.nullable() }),
    )
    .describe('The first 100'),
  events: z.object({
    lastReceivedAt: timeSchema.nullable(),
    waiting: z.number().int(),
    failing: z.array(z.object({ id: z.string(), type: z.string(), attempts: z.number().int(), failure: z.string() })),
  }),
  incidents: z.array(incidentSchema).describe('Disputes that are open first, then the newest; at most 50'),
  lastReconciliation: billingReconciliationSchema
    .extend({
      findings: z.array(billingFindingSchema.extend({ workspaceName: z.string().nullable().describe('Where the subject is a workspace') })),
    })
    .nullable(),
});
export type BillingOverview = z.infer<typeof billingOverviewSchema>;

/** Selling plans through Stripe's hosted pages. */
export const billingRoutes = {
  getBilling: route({
    method: 'GET',
    path: '/api/v1/billing',
    summary: 'Where the money of this workspace stands',
    policy: 'owner',
    isOpenWhenSuspended: true,
    reply: billingSchema,
    status: 200,
  }),
  listOffers: route({
    method: 'GET',
    path: '/api/v1/billing/offers',
    summary: 'Plans side by side, with their prices',
    policy: 'viewer',
    reply: z.object({ items: z.array(offerSchema) }),
    status: 200,
  }),
  createCheckout: route({
    method: 'POST',
    path: '/api/v1/billing/checkouts',
    summary: 'A page of Stripe on which this workspace subscribes',
    policy: 'owner',
    body: z.object({ priceId: priceIdSchema }),
    reply: urlReplySchema,
    status: 201,
    isForSessions: true,
  }),
  createPortalSession: route({
    method: 'POST',
    path: '/api/v1/billing/portal-sessions',
    summary: 'A page of Stripe for payment methods, addresses and tax numbers',
    policy: 'owner',
    isOpenWhenSuspended: true,
    reply: urlReplySchema,
    status: 201,
    isForSessions: true,
  }),
  previewSubscription: route({
    method: 'POST',
    path: '/api/v1/billing/subscription-previews',
    summary: 'What another price would cost now, and what it would end, without changing anything',
    policy: 'owner',
    body: z.object({ priceId: priceIdSchema }),
    reply: changePreviewSchema,
    status: 200,
  }),
  changeSubscription: route({
    method: 'PUT',
    path: '/api/v1/billing/subscription',
    summary: 'Change to another price, as previewed',
    policy: 'owner',
    body: z.object({ priceId: priceIdSchema, prorationAt: timeSchema }),
    reply: billingSchema,
    status: 200,
    isForSessions: true,
  }),
  cancelSubscription: route({
    method: 'POST',
    path: '/api/v1/billing/cancellations',
    summary: 'Cancel at the end of the period that is paid, or at once',
    policy: 'owner',
    isOpenWhenSuspended: true,
    body: z.object({ when: z.enum(['period_end', 'now']).default('period_end') }),
    reply: billingSchema,
    status: 201,
    isForSessions: true,
  }),
  resumeSubscription: route({
    method: 'DELETE',
    path: '/api/v1/billing/cancellations/current',
    summary: 'Take back a cancellation that has not come into force',
    policy: 'owner',
    reply: billingSchema,
    status: 200,
    isForSessions: true,
  }),
  refreshBilling: route({
    method: 'POST',
    path: '/api/v1/billing/refreshes',
    summary: 'Ask Stripe now, for instance on the way back from its pages',
    policy: 'owner',
    reply: billingSchema,
    status: 200,
  }),
  listInvoices: route({
    method: 'GET',
    path: '/api/v1/billing/invoices',
    summary: 'The last hundred invoices, newest first, and what was given back',
    policy: 'owner',
    isOpenWhenSuspended: true,
    reply: z.object({
      items: z.array(invoiceSchema),
      refunds: z.array(
        z.object({ id: z.string(), status: z.string(), amount: moneySchema, currency: currencySchema, createdAt: timeSchema }),
      ),
    }),
    status: 200,
  }),
  receiveStripeEvent: route({
    method: 'POST',
    path: '/api/v1/billing/stripe-events',
    summary: 'Events of Stripe, signed over the raw body',
    policy: 'public',
    body: z.looseObject({}),
    reply: z.object({ isNew: z.boolean() }),
    status: 200,
  }),
  getBillingOverview: route({
    method: 'GET',
    path: '/api/v1/billing/overview',
    summary: 'Subscriptions by state, failed payments, events and drift of the installation',
    policy: 'admin',
    reply: billingOverviewSchema,
    status: 200,
  }),
  syncCatalogue: route({
    method: 'POST',
    path: '/api/v1/billing/catalogue-syncs',
    summary: 'Take over the prices of Stripe, or show the difference only',
    policy: 'admin',
    body: z.object({ isDryRun: z.boolean().default(true) }),
    reply: catalogueSyncSchema,
    status: 200,
  }),
  createBillingReconciliation: route({
    method: 'POST',
    path: '/api/v1/billing/reconciliations',
    summary: 'Compare every subscription with Stripe now, and repair what differs',
    policy: 'admin',
    reply: billingReconciliationSchema,
    status: 201,
  }),
  listGrants: route({
    method: 'GET',
    path: '/api/v1/plan-grants',
    summary: 'Plans that were given by hand, newest first',
    policy: 'admin',
    reply: z.object({ items: z.array(grantSchema) }),
    status: 200,
  }),
  createGrant: route({
    method: 'POST',
    path: '/api/v1/plan-grants',
    summary: 'Give a workspace a plan, with a reason; it wins over a subscription',
    policy: 'admin',
    body: z.object({
      workspaceId: idSchema,
      planId: idSchema,
      reason: z.string().trim().min(3).max(500),
      endsAt: timeSchema.optional().describe('Until then; until it is taken back without it'),
    }),
    reply: grantSchema,
    status: 201,
  }),
  deleteGrant: route({
    method: 'DELETE',
    path: '/api/v1/plan-grants/:id',
    summary: 'Take a granted plan back; the grace of 14 days applies',
    policy: 'admin',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
} as const;
