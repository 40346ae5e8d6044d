import { type z } from 'zod';
import { agentRoutes } from './agentRoutes.ts';
import { brandRoutes } from './brand.ts';
import { dataMapRoutes } from './dataMap.ts';
import { directoryRoutes } from './directory.ts';
import { engineReportRoutes } from './engineReport.ts';
import { erasureRoutes } from './erasures.ts';
import { auditRoutes } from './audit.ts';
import { billingRoutes } from './billing.ts';
import { departmentRoutes } from './departments.ts';
import { importRoutes } from './imports.ts';
import { framingRoutes } from './framing.ts';
import { identityRoutes, peopleRoutes } from './identity.ts';
import { personalDataRoutes } from './personalData.ts';
import { planRoutes } from './plans.ts';
import { privacyRequestRoutes } from './privacyRequests.ts';
import { retentionRoutes } from './retention.ts';
import type { RouteDefinition } from './route.ts';
import { signOnRoutes } from './signOn.ts';
import { speechRoutes } from './speech.ts';
import { overviewRoutes } from './overview.ts';
import { setupRoutes } from './setup.ts';
import { systemRoutes } from './system.ts';
import { storageRoutes } from './storage.ts';
import { bundleRoutes } from './bundles.ts';
import { streamRoutes } from './streams.ts';
import { trustRoutes } from './trust.ts';
import { webhookRoutes } from './webhooks.ts';
import { workspaceRoutes } from './workspaces.ts';
import { momentRoutes } from './moments.ts';
import { safetyRoutes } from './safety.ts';
import { sharingRoutes } from './sharing.ts';
import { coreRoutes } from './coreRoutes.ts';

/** The whole API. */
export const routes = {
  ...coreRoutes,
  ...agentRoutes,
  ...identityRoutes,
  ...peopleRoutes,
  ...signOnRoutes,
  ...directoryRoutes,
  ...workspaceRoutes,
  ...webhookRoutes,
  ...auditRoutes,
  ...planRoutes,
  ...storageRoutes,
  ...overviewRoutes,
  ...setupRoutes,
  ...systemRoutes,
  ...bundleRoutes,
  ...streamRoutes,
  ...retentionRoutes,
  ...erasureRoutes,
  ...speechRoutes,
  ...brandRoutes,
  ...trustRoutes,
  ...safetyRoutes,
  ...sharingRoutes,
  ...billingRoutes,
  ...departmentRoutes,
  ...momentRoutes,
  ...dataMapRoutes,
  ...personalDataRoutes,
  ...engineReportRoutes,
  ...privacyRequestRoutes,
  ...importRoutes,
  ...framingRoutes,
} as const satisfies Record<string, RouteDefinition>;

export type Routes = typeof routes;
export type RouteName = keyof Routes;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Sent<S> = S extends z.ZodType ? z.input<S> : undefined;
type Field<R, K extends string> = R extends { readonly [P in K]: infer S } ? S : undefined;

/** What a handler of route `N` receives after parsing. */
export interface RouteInput<N extends RouteName> {
  params: Parsed<Field<Routes[N], 'params'>>;
  query: Parsed<Field<Routes[N], 'query'>>;
  body: Parsed<Field<Routes[N], 'body'>>;
}
/** What a caller of route `N` sends. */
export interface RouteArguments<N extends RouteName> {
  params?: Sent<Field<Routes[N], 'params'>>;
  query?: Sent<Field<Routes[N], 'query'>>;
  body?: Sent<Field<Routes[N], 'body'>>;
}
export type RouteReply<N extends RouteName> = z.output<Routes[N]['reply']>;
