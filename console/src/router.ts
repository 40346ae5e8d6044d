/** The one file that knows the router. Addresses live after the `#`, so the server needs to serve only `/`. */
import Router, { push, replace, router } from 'svelte-spa-router';
import { wrap } from 'svelte-spa-router/wrap';
import Library from './pages/Library.svelte';

export { Router };

/** Where every page lives, as links write it. */
export const paths = {
  library: '#/',
  signIn: '#/sign-in',
  welcome: '#/welcome',
  setup: (step?: string) => (step === undefined ? '#/setup' : `#/setup?step=${step}`),
  agents: '#/agents',
  account: '#/account',
  personalData: '#/personal-data',
  privacyRequests: '#/privacy-requests',
  dataMap: '#/data-map',
  billing: '#/billing',
  members: '#/members',
  people: '#/people',
  signOn: '#/sign-on',
  forgot: '#/forgot',
  signUp: '#/sign-up',
  deletions: '#/deletions',
  plans: '#/plans',
  storage: '#/storage',
  overview: '#/overview',
  system: '#/system',
  settings: '#/settings',
  safekeeping: '#/safekeeping',
  mail: '#/mail',
  thirdParties: '#/third-parties',
  compression: '#/compression',
  audit: '#/audit',
  webhooks: '#/webhooks',
  search: (q?: string) => (q === undefined ? '#/search' : `#/search?q=${encodeURIComponent(q)}`),
  glossary: '#/glossary',
  engines: '#/engines',
  safety: '#/safety',
  brands: '#/brands',
  translation: (id: string) => `#/translations/${id}`,
  video: (id: string) => `#/videos/${id}`,
  moment: (id: string, seconds: number) => `#/videos/${id}?t=${seconds.toFixed(2)}`,
} as const;

/** The pages inside the frame. The library is part of the first load; the others come when they are asked for. */
export const routes = {
  '/': Library,
  '/videos/:id': wrap({ asyncComponent: () => import('./pages/Video.svelte') }),
  '/search': wrap({ asyncComponent: () => import('./pages/Search.svelte') }),
  '/glossary': wrap({ asyncComponent: () => import('./pages/Glossary.svelte') }),
  '/engines': wrap({ asyncComponent: () => import('./pages/Engines.svelte') }),
  '/safety': wrap({ asyncComponent: () => import('./pages/Safety.svelte') }),
  '/brands': wrap({ asyncComponent: () => import('./pages/Brands.svelte') }),
  '/translations/:id': wrap({ asyncComponent: () => import('./pages/Translation.svelte') }),
  '/setup': wrap({ asyncComponent: () => import('./pages/Setup.svelte') }),
  '/agents': wrap({ asyncComponent: () => import('./pages/Agents.svelte') }),
  '/personal-data': wrap({ asyncComponent: () => import('./pages/PersonalData.svelte') }),
  '/privacy-requests': wrap({ asyncComponent: () => import('./pages/PrivacyRequests.svelte') }),
  '/data-map': wrap({ asyncComponent: () => import('./pages/DataMap.svelte') }),
  '/account': wrap({ asyncComponent: () => import('./pages/Account.svelte') }),
  '/billing': wrap({ asyncComponent: () => import('./pages/Billing.svelte') }),
  '/members': wrap({ asyncComponent: () => import('./pages/Members.svelte') }),
  '/sign-on': wrap({ asyncComponent: () => import('./pages/SignOn.svelte') }),
  '/people': wrap({ asyncComponent: () => import('./pages/People.svelte') }),
  '/deletions': wrap({ asyncComponent: () => import('./pages/Deletions.svelte') }),
  '/plans': wrap({ asyncComponent: () => import('./pages/Plans.svelte') }),
  '/overview': wrap({ asyncComponent: () => import('./pages/Overview.svelte') }),
  '/system': wrap({ asyncComponent: () => import('./pages/System.svelte') }),
  '/settings': wrap({ asyncComponent: () => import('./pages/Settings.svelte') }),
  '/storage': wrap({ asyncComponent: () => import('./pages/Storage.svelte') }),
  '/safekeeping': wrap({ asyncComponent: () => import('./pages/Safekeeping.svelte') }),
  '/third-parties': wrap({ asyncComponent: () => import('./pages/ThirdParties.svelte') }),
  '/compression': wrap({ asyncComponent: () => import('./pages/Compression.svelte') }),
  '/mail': wrap({ asyncComponent: () => import('./pages/Mail.svelte') }),
  '/audit': wrap({ asyncComponent: () => import('./pages/Audit.svelte') }),
  '/webhooks': wrap({ asyncComponent: () => import('./pages/Webhooks.svelte') }),
  '*': wrap({ asyncComponent: () => import('./pages/NotFound.svelte') }),
};

/** Pages in front of the house: they work whether or not somebody is signed in. */
export const doors = ['/forgot', '/reset', '/sign-up', '/confirm', '/confirm-email', '/invitation', '/shared'];

/** Pages that are not about the workspace: they open although it is suspended. */
export const pagesBesideWorkspace = [
  '/account',
  '/personal-data',
  '/privacy-requests',
  '/data-map',
  '/overview',
  '/system',
  '/setup',
  '/settings',
  '/billing',
  '/people',
  '/sign-on',
  '/plans',
  '/safety',
  '/storage',
  '/safekeeping',
  '/audit',
  '/agents',
  '/compression',
];

/** Goes to an address, as a link would. */
export function goTo(href: string): void {
  void push(href);
}

/** Goes to an address without leaving the present one in the history. */
export function replaceWith(href: string): void {
  void replace(href);
}

/** The present path, such as `/videos/…`; reactive inside components. */
export function currentPath(): string {
  return router.location;
}

/** The values after `?` in the present address; reactive inside components. */
export function currentQuery(): URLSearchParams {
  return new URLSearchParams(router.querystring ?? '');
}
