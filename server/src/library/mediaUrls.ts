import type { Deps } from '../deps.ts';
import type { StoredObject } from './model.ts';

const validSeconds = 3600;

/** A short-lived URL a browser may use; relative when our own server answers it, so that it works under every name of the host. */
export async function mediaUrl(deps: Deps, object: Pick<StoredObject, 'key' | 'contentType'>, downloadName?: string): Promise<string> {
  const url = await deps.store.presignView(object.key, {
    expiresInSeconds: validSeconds,
    contentType: object.contentType,
    ...(downloadName === undefined ? {} : { downloadName }),
  });
  return browserUrl(deps, url);
}

/** Drops the origin from a URL unless it leads to a storage of its own. */
export function browserUrl(deps: Deps, url: string): string {
  const { origin, pathname, search } = new URL(url);
  return origin === deps.store.place.origin ? url : `${pathname}${search}`;
}
