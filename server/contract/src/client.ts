import type { ErrorCode, ErrorReply } from './errors.ts';
import type { RouteDefinition } from './route.ts';
import type { RouteArguments, RouteName, RouteReply } from './routes.ts';

/** An answer outside 2xx, or none at all (`status` 0, code `unavailable`). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: ErrorCode, message: string, details?: unknown, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface ClientOptions {
  baseUrl: string;
  headers?: () => Record<string, string>;
  fetch?: typeof globalThis.fetch;
}
export interface CallOptions {
  signal?: AbortSignal;
  idempotencyKey?: string;
  /** The version that is changed, where a route has an ETag: a change on top of another is refused. */
  ifMatch?: string;
  /** Told the version that was answered, where a route has an ETag. */
  onVersion?: (version: string) => void;
}
export type Call = <N extends RouteName>(name: N, args?: RouteArguments<N>, options?: CallOptions) => Promise<RouteReply<N>>;

/** Tells how a route is called, at once or when its definition has been loaded. */
export type FindRoute = (name: RouteName) => RouteDefinition | Promise<RouteDefinition>;

/** Makes the typed caller of the routes that `find` knows. Replies are parsed; errors are thrown as ApiError. */
export function buildClient(find: FindRoute, { baseUrl, headers, fetch = globalThis.fetch }: ClientOptions): Call {
  return async (name, args = {}, options = {}) => {
    const definition = await find(name);
    if (definition.answers !== undefined) {
      throw new Error(`${name} does not answer JSON: open its address instead.`);
    }
    const params = (args.params ?? {}) as Record<string, string>;
    const url = new URL(
      definition.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(params[key] ?? '')),
      baseUrl,
    );
    for (const [key, value] of Object.entries((args.query ?? {}) as Record<string, unknown>)) {
      if (value !== undefined) {
        url.searchParams.set(key, String(value));
      }
    }
    const sent: Record<string, string> = { accept: 'application/json', ...headers?.() };
    if (args.body !== undefined) {
      sent['content-type'] = 'application/json';
    }
    if (options.idempotencyKey !== undefined) {
      sent['idempotency-key'] = options.idempotencyKey;
    }
    if (options.ifMatch !== undefined) {
      sent['if-match'] = options.ifMatch === '*' ? '*' : `"${options.ifMatch}"`;
    }
    const init: RequestInit = { method: definition.method, headers: sent, credentials: 'same-origin' };
    if (args.body !== undefined) {
      init.body = JSON.stringify(args.body);
    }
    if (options.signal) {
      init.signal = options.signal;
    }
    const response = await fetch(url, init);
    if (!response.ok) {
      const reply = (await response.json().catch(() => null)) as ErrorReply | null;
      const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
      throw new ApiError(
        response.status,
        reply?.error.code ?? 'unavailable',
        reply?.error.message ?? `The server answered ${response.status}.`,
        reply?.error.details,
        Number.isFinite(retryAfter) ? retryAfter : undefined,
      );
    }
    options.onVersion?.((response.headers.get('etag') ?? '').replaceAll('"', ''));
    const text = response.status === 204 ? '' : await response.text();
    return definition.reply.parse(text === '' ? undefined : JSON.parse(text)) as RouteReply<typeof name>;
  };
}
