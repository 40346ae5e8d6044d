/** A call to the network that failed and may succeed later. */
export class CdnError extends Error {
  override readonly name = 'CdnError';
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, retryAfterSeconds?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The seconds of a Retry-After header (RFC 9110, section 10.2.3), a number or a date; undefined when there is none. */
export function retryAfterOf(response: Response): number | undefined {
  const value = response.headers.get('retry-after');
  if (value === null) {
    return undefined;
  }
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

/** Sends one call and throws CdnError unless it was taken. */
export async function send(fetch: typeof globalThis.fetch, url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    throw new CdnError('The network’s API could not be reached.', undefined, error);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new CdnError(`The network’s API answered ${response.status}.`, retryAfterOf(response));
  }
  return response;
}
