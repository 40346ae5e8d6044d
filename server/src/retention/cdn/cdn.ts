/**
 * Content delivery networks, from which deleted content has to go too. Keeps: R6.
 *
 * A network in front of the storage serves `CARMIC_CDN_URL/<key>`; these are the URLs that are purged and asked for again.
 */
import type { Env } from '../../core/env.ts';
import { StartError } from '../../core/errors.ts';
import type { Egress, Party } from '../../egress/egress.ts';
import { createBunny } from './bunny.ts';
import { CdnError, retryAfterOf } from './cdnError.ts';
import { createCloudflare } from './cloudflare.ts';
import { createFastly } from './fastly.ts';

/** One network. Methods throw CdnError for whatever may succeed later. */
export interface Cdn {
  readonly name: 'none' | 'cloudflare' | 'fastly' | 'bunny';
  /** The address under which the network serves an object; null without a network. */
  urlOf(key: string): string | null;
  /** Removes these URLs from every node. Returns only when the network has taken all of them. */
  purge(urls: readonly string[]): Promise<void>;
  /** Asks for a URL again: true when the network still serves it. */
  isServed(url: string): Promise<boolean>;
}

/** The parties that the way out must know for the chosen network. */
export function cdnParties(env: Env): Party[] {
  const { CARMIC_CDN: name, CARMIC_CDN_URL: url } = env;
  return name === 'none' || url === undefined
    ? []
    : [
        { name, baseUrl: apiUrlOf(env) },
        { name: `${name} nodes`, baseUrl: url },
      ];
}

function apiUrlOf(env: Env): string {
  const defaults = { cloudflare: 'https://api.cloudflare.com', fastly: 'https://api.fastly.com', bunny: 'https://api.bunny.net' };
  return env.CARMIC_CDN_API_URL ?? (env.CARMIC_CDN === 'none' ? '' : defaults[env.CARMIC_CDN]);
}

/** Builds the client of the network that the environment chooses. Throws StartError when it lacks something. */
export function createCdn(env: Env, egress: Egress): Cdn {
  const { CARMIC_CDN: name, CARMIC_CDN_URL: baseUrl, CARMIC_CDN_TOKEN: token, CARMIC_CDN_ZONE: zone } = env;
  if (name === 'none') {
    return { name, urlOf: () => null, purge: () => Promise.resolve(), isServed: () => Promise.resolve(false) };
  }
  if (baseUrl === undefined || token === undefined || (name === 'cloudflare' && zone === undefined)) {
    throw new StartError(
      `CARMIC_CDN=${name} needs CARMIC_CDN_URL and CARMIC_CDN_TOKEN${name === 'cloudflare' ? ' and CARMIC_CDN_ZONE' : ''}: without them deleted content could not be purged.`,
    );
  }
  const options = { apiUrl: apiUrlOf(env), token, fetch: egress.fetchFor(name) };
  const purge =
    name === 'cloudflare'
      ? createCloudflare({ ...options, zone: zone ?? '', plan: env.CARMIC_CDN_PLAN })
      : name === 'fastly'
        ? createFastly(options)
        : createBunny(options);
  const ask = egress.fetchFor(`${name} nodes`);
  return {
    name,
    urlOf: (key) => new URL(key, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`).href,
    purge,
    async isServed(url) {
      const response = await ask(url, { method: 'HEAD', signal: AbortSignal.timeout(15_000) }).catch((error: unknown) => {
        throw new CdnError('The network could not be asked.', undefined, error);
      });
      if (response.status >= 500 || response.status === 429) {
        throw new CdnError(`The network answered ${response.status} instead of saying what it serves.`, retryAfterOf(response));
      }
      return response.status < 400;
    },
  };
}
