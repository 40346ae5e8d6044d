import { send } from './cdnError.ts';
import { createTokenBucket } from './tokenBucket.ts';

/** Fastly's API takes 1,000 calls an hour by default; one URL is one call (https://www.fastly.com/documentation/reference/api/purging). */
const callsPerHour = 1000;

/** Builds the purge of Fastly. */
export function createFastly(options: {
  apiUrl: string;
  token: string;
  fetch: typeof globalThis.fetch;
}): (urls: readonly string[]) => Promise<void> {
  const bucket = createTokenBucket({ size: callsPerHour / 10, perSecond: callsPerHour / 3600 });
  return async (urls) => {
    for (const url of urls) {
      await bucket(1);
      const { host, pathname } = new URL(url);
      const response = await send(options.fetch, new URL(`/purge/${host}${pathname}`, options.apiUrl).href, {
        method: 'POST',
        headers: { 'fastly-key': options.token, accept: 'application/json' },
      });
      await response.body?.cancel();
    }
  };
}
