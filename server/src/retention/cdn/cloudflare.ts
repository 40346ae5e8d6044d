/**
 * Cloudflare: purge by URL. The numbers are those of https://developers.cloudflare.com/cache/how-to/purge-cache (2026): URLs per second and
 * account, and URLs in one call. The token bucket is of this process, so that several workers may meet a 429, which is waited for.
 */
import { z } from 'zod';
import { CdnError, send } from './cdnError.ts';
import { createTokenBucket } from './tokenBucket.ts';

const limits = {
  free: { urlsPerSecond: 800, urlsPerCall: 100 },
  pro: { urlsPerSecond: 1500, urlsPerCall: 100 },
  business: { urlsPerSecond: 1500, urlsPerCall: 100 },
  enterprise: { urlsPerSecond: 3000, urlsPerCall: 500 },
} as const;

/** Cloudflare's plans, which differ in how fast may be purged. */
export type CloudflarePlan = keyof typeof limits;

const replySchema = z.object({ success: z.boolean(), errors: z.array(z.object({ code: z.number() })).default([]) });

/** Builds the purge. The token needs the permission Cache Purge of the zone and nothing else. */
export function createCloudflare(options: {
  apiUrl: string;
  token: string;
  zone: string;
  plan: CloudflarePlan;
  fetch: typeof globalThis.fetch;
}): (urls: readonly string[]) => Promise<void> {
  const { urlsPerSecond, urlsPerCall } = limits[options.plan];
  const bucket = createTokenBucket({ size: urlsPerSecond, perSecond: urlsPerSecond });
  const address = new URL(`/client/v4/zones/${encodeURIComponent(options.zone)}/purge_cache`, options.apiUrl).href;
  return async (urls) => {
    for (let start = 0; start < urls.length; start += urlsPerCall) {
      const files = urls.slice(start, start + urlsPerCall);
      await bucket(files.length);
      const response = await send(options.fetch, address, {
        method: 'POST',
        headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ files }),
      });
      const reply = replySchema.safeParse(await response.json().catch(() => null));
      if (!reply.success || !reply.data.success) {
        const codes = reply.success ? reply.data.errors.map(({ code }) => code).join(', ') : 'no readable answer';
        throw new CdnError(`Cloudflare did not take a purge (${codes}).`);
      }
    }
  };
}
