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
  return browserUrl(url);
}

/** Drops the origin from a URL that our own storage route answers. */
export function browserUrl(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname.startsWith('/storage/v1/') ? `${pathname}${search}` : url;
}
