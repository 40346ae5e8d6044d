import { send } from './cdnError.ts';
import { createTokenBucket } from './tokenBucket.ts';

/** Limits of single URLs per account: https://docs.bunny.net/docs/cdn-api-purge-rate-limits. */
const burst = 120;
const urlsPerSecond = 5;

/** Builds the purge of bunny.net. */
export function createBunny(options: {
  apiUrl: string;
  token: string;
  fetch: typeof globalThis.fetch;
}): (urls: readonly string[]) => Promise<void> {
  const bucket = createTokenBucket({ size: burst, perSecond: urlsPerSecond });
  return async (urls) => {
    for (const url of urls) {
      await bucket(1);
      const address = new URL('/purge', options.apiUrl);
      address.searchParams.set('url', url);
      address.searchParams.set('async', 'false');
      const response = await send(options.fetch, address.href, { method: 'POST', headers: { accesskey: options.token } });
      await response.body?.cancel();
    }
  };
}
