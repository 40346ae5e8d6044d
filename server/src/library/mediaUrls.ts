import type { Deps } from '../deps.ts';
import type { StoredObject } from './model.ts';

const validSeconds = 3600;

/** A short-lived URL a browser may use; relative, so that it works under every name of the host. */
export function mediaUrl(deps: Deps, object: Pick<StoredObject, 'key' | 'contentType'>, downloadName?: string): string {
  const url = deps.store.presignView(object.key, { expiresInSeconds: validSeconds, contentType: object.contentType, downloadName });
  // It leads through this server, so only its origin is taken off; a page is made of many, and reading each as a URL costs.
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}

/** Drops the origin from a URL unless it leads to a storage of its own. */
export function browserUrl(deps: Deps, url: string): string {
  const { origin, pathname, search } = new URL(url);
  return origin === deps.store.place.origin ? url : `${pathname}${search}`;
}
