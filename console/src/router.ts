/** The one file beside the table of pages that knows the router. Addresses live after the `#`, so the server needs to serve only `/`. */
import Router, { push, replace, router } from 'svelte-spa-router';

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
