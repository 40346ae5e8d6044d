import { wrap } from 'svelte-spa-router/wrap';
import type { Component } from 'svelte';
import { untilLoaded } from './api/untilLoaded.ts';
import Library from './pages/Library.svelte';
import NotLoaded from './pages/NotLoaded.svelte';

const page = (load: () => Promise<{ default: Component<never> }>) =>
  wrap({ asyncComponent: () => untilLoaded(load).catch(() => ({ default: NotLoaded })) as never });

/** The pages inside the frame. The library is part of the first load; the others come when they are asked for. */
export const routes = {
  '/': Library,
  '/videos/:id': page(() => import('./pages/Video.svelte')),
  '/search': page(() => import('./pages/Search.svelte')),
  '/glossary': page(() => import('./pages/Glossary.svelte')),
  '/engines': page(() => import('./pages/Engines.svelte')),
  '/safety': page(() => import('./pages/Safety.svelte')),
  '/brands': page(() => import('./pages/Brands.svelte')),
  '/translations/:id': page(() => import('./pages/Translation.svelte')),
  '/setup': page(() => import('./pages/Setup.svelte')),
  '/agents': page(() => import('./pages/Agents.svelte')),
  '/personal-data': page(() => import('./pages/PersonalData.svelte')),
  '/privacy-requests': page(() => import('./pages/PrivacyRequests.svelte')),
  '/data-map': page(() => import('./pages/DataMap.svelte')),
  '/account': page(() => import('./pages/Account.svelte')),
  '/billing': page(() => import('./pages/Billing.svelte')),
  '/members': page(() => import('./pages/Members.svelte')),
  '/sign-on': page(() => import('./pages/SignOn.svelte')),
  '/people': page(() => import('./pages/People.svelte')),
  '/deletions': page(() => import('./pages/Deletions.svelte')),
  '/plans': page(() => import('./pages/Plans.svelte')),
  '/overview': page(() => import('./pages/Overview.svelte')),
  '/system': page(() => import('./pages/System.svelte')),
  '/settings': page(() => import('./pages/Settings.svelte')),
  '/storage': page(() => import('./pages/Storage.svelte')),
  '/safekeeping': page(() => import('./pages/Safekeeping.svelte')),
  '/third-parties': page(() => import('./pages/ThirdParties.svelte')),
  '/compression': page(() => import('./pages/Compression.svelte')),
  '/mail': page(() => import('./pages/Mail.svelte')),
  '/audit': page(() => import('./pages/Audit.svelte')),
  '/webhooks': page(() => import('./pages/Webhooks.svelte')),
  '*': page(() => import('./pages/NotFound.svelte')),
};
