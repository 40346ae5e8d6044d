import type { Deps } from '../deps.ts';
import { viewExpiry } from '../storage/signing.ts';
import type { StoredObject } from './model.ts';

const validSeconds = 3600;

/** A short-lived URL a browser may use; relative, so that it works under every name of the host. */
export function mediaUrl(deps: Deps, object: Pick<StoredObject, 'key' | 'contentType'>, downloadName?: string): string {
  const url = deps.store.presignView(object.key, { expiresInSeconds: validSeconds, contentType: object.contentType, downloadName });
  // It leads through this server, so only its origin is taken off; a page is made of many, and reading each as a URL costs.
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}

/** What all URLs for browsers that are made now have in common: they are others when this is another. */
export const mediaUrlTime = (deps: Deps): number => viewExpiry(deps.clock.now().getTime() / 1000, validSeconds);

/** Drops the origin from a URL unless it leads to a storage of its own. */
export function browserUrl(deps: Deps, url: string): string {
  const { origin, pathname, search } = new URL(url);
  return origin === deps.store.place.origin ? url : `${pathname}${search}`;
}
