import { randomUUID } from 'node:crypto';
import { type AccountSettings, isIdempotent, policies, type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import { bodyParser } from '@koa/bodyparser';
import Koa, { type Context, type Middleware } from 'koa';
import compress from 'koa-compress';
import helmet from 'koa-helmet';
import { callerAddress, isInRanges } from '../core/addresses.ts';
import { anyHoldsCardNumber } from '../core/cardNumbers.ts';
import { AppError, forbidden, invalidInput, notFound } from '../core/errors.ts';
import { refuseOddJson } from '../core/refuseOddJson.ts';
import type { Deps } from '../deps.ts';
import { authorize } from './authorize.ts';
import { requireUnrestricted } from './restriction.ts';
import { describeBrowser } from './browser.ts';
import { buildEtag } from './etag.ts';
import { buildAnswers } from './answers.ts';
import { isForDirectories } from './directoryError.ts';
import { errorWriter } from './errorWriter.ts';
import { once } from './idempotency.ts';
import { createMatcher, type Matcher } from './matchRoute.ts';
import { isOnlyRemembered, requireProof } from './proof.ts';
import { createThrottle, type Throttle } from './rateLimits.ts';
import { type Actor, type ApiRequest, CheckedReply, type Handlers } from './request.ts';

/**
 * Finds out who is calling from the bearer token or the session cookie; null when the token opens nothing from this address. With
 * `isProvenLater` the answer may be a remembered one: see proof.ts.
 */
export type Authenticate = (
  token: string,
  workspaceId: string | null,
  call: { address: string; isProvenLater: boolean },
) => Promise<Actor | null>;

export interface AppOptions {
  deps: Deps;
  handlers: Handlers;
  authenticate: Authenticate;
  /** Routes whose handlers prove remembered callers themselves. */
  provingRoutes: ReadonlySet<RouteName>;
  baseUrl: () => string;
  /** Which addresses may come in. */
  settings: () => Promise<Pick<AccountSettings, 'consoleAddresses' | 'adminAddresses'>>;
  /** Where browsers read and write objects when it is not here; null otherwise. */
  storageOrigin: string | null;
  /** Told of every answer of the API. */
  observe: (route: string, method: string, status: number, seconds: number) => void;
  /** Aborted when the server stops, so that waiting requests end. */
  stopping: AbortSignal;
  /** Middleware that answers some paths by itself (signed storage URLs) and runs before any body is read. */
  beforeBody: readonly Middleware[];
  /** Live stream and console, which are not JSON. */
  afterApi: readonly Middleware[];
}

const defaultBodyLimitBytes = 1024 * 1024;
/** How long a browser may be away at an identity provider. */
const stepMs = 15 * 60_000;

/** Builds the HTTP application: every middleware in the order in which it runs. */
export function createApp(options: AppOptions): Koa {
  const { deps } = options;
  const app = new Koa({ asyncLocalStorage: false });
  app.silent = true;
  app.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') {
      deps.log.warn({ err: error }, 'a response could not be sent');
    }
  });
  app.use(async (context, next) => {
    context.state['requestId'] = randomUUID();
    context.set('x-request-id', String(context.state['requestId']));
    context.state['address'] = callerAddress(
      context.req.socket.remoteAddress ?? '',
      context.get('x-forwarded-for'),
      deps.env.CARMIC_TRUSTED_PROXIES,
    );
    const startedAt = performance.now();
    await next();
    const route = context.state['route'] as RouteName | undefined;
    if (route !== undefined) {
      options.observe(route, context.method, context.status, (performance.now() - startedAt) / 1000);
    }
  });
  app.use(errorWriter(deps.log));
  app.use(securityHeaders(options));
  for (const middleware of options.beforeBody) {
    app.use(middleware);
  }
  app.use(refuseForeignAddresses(options));
  app.use(compress({ threshold: 2048, filter: (type) => /json|javascript|text\/(html|css)|svg/.test(type), br: false }));
  const names = Object.keys(routes) as RouteName[];
  const match = createMatcher<RouteName>(names.map((name) => ({ name, ...routes[name] })));
  app.use(async (context, next) => {
    context.state['match'] = match(context.method === 'HEAD' ? 'GET' : context.method, context.path);
    await next();
  });
  app.use(identify(options));
  app.use(answerRoutes(names, options));
  for (const middleware of options.afterApi) {
    app.use(middleware);
  }
  app.use((context) => {
    if (context.path.startsWith('/api/') || isForDirectories(context.path)) {
      throw notFound('address in this API');
    }
    context.status = 404;
    context.body = 'Not found';
  });
  return app;
}

/** Agents, signed storage URLs, the signed events of Stripe and links in mails have credentials of their own and may be elsewhere. */
function refuseForeignAddresses({ settings }: AppOptions): Middleware {
  return async (context, next) => {
    const isElsewhere = context.path.startsWith('/api/v1/agent/') || context.path.startsWith('/mail/');
    if (!isElsewhere && context.path !== routes.receiveStripeEvent.path) {
      const { consoleAddresses } = await settings();
      if (consoleAddresses.length > 0 && !isInRanges(addressOf(context), consoleAddresses)) {
        throw forbidden('This installation is not open to your address.');
      }
    }
    await next();
  };
}

const addressOf = (context: { state: Record<string, unknown> }) => String(context.state['address']);

function securityHeaders({ baseUrl, storageOrigin }: AppOptions): Middleware {
  const storage = storageOrigin === null ? [] : [storageOrigin];
  const secure = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        // libass, which draws previews of captions, is WebAssembly of our own origin.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        workerSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:', ...storage],
        fontSrc: ["'self'"],
        mediaSrc: ["'self'", 'blob:', ...storage],
        connectSrc: ["'self'", ...storage],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    hsts: false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  return async (context, next) => {
    if (baseUrl().startsWith('https:')) {
      context.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
    }
    await secure(context, next);
  };
}

/** The cookie's name: the `__Host-` prefix binds it to this host, which browsers accept over HTTPS only. */
function cookieName(baseUrl: string): string {
  return baseUrl.startsWith('https:') ? '__Host-carmic' : 'carmic';
}

type Found = NonNullable<ReturnType<Matcher<RouteName>>>;
const matchOf = (context: { state: Record<string, unknown> }) => context.state['match'] as Found | null;

function identify({ authenticate, baseUrl, provingRoutes }: AppOptions): Middleware {
  return async (context, next) => {
    const name = matchOf(context)?.name;
    await become(context, name !== undefined && provingRoutes.has(name) && isSafe(context.method));
    context.state['askAgain'] = () => become(context, false);
    await next();
  };

  async function become(context: Context, isProvenLater: boolean): Promise<void> {
    const bearer = /^Bearer (\S{1,200})$/.exec(context.get('authorization'))?.[1];
    const cookie = context.cookies.get(cookieName(baseUrl()));
    const token = bearer ?? cookie;
    let actor: Actor = { kind: 'nobody' };
    if (token !== undefined && (context.path.startsWith('/api/') || isForDirectories(context.path))) {
      const workspaceId = context.get('carmic-workspace');
      const call = { address: addressOf(context), isProvenLater };
      actor = (await authenticate(token, workspaceId === '' ? null : workspaceId, call)) ?? actor;
    }
    if (bearer === undefined && actor.kind !== 'nobody' && !isSafe(context.method)) {
      refuseForeignOrigin(context, baseUrl());
    }
    context.state['actor'] = actor;
  }
}

const isSafe = (method: string) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/** Cookies travel with requests that other sites cause: a changing request must come from our own pages. */
function refuseForeignOrigin(context: Context, baseUrl: string): void {
  const origin = context.get('origin');
  const isOwn =
    origin === ''
      ? context.get('sec-fetch-site') !== 'cross-site'
      : origin === new URL(baseUrl).origin || origin === `${context.protocol}://${context.host}`;
  if (!isOwn) {
    throw new AppError('forbidden', 'This request came from another site and was refused.');
  }
}

/** Throws when a route has no policy that is known, or nobody to answer it: such a route does not start. */
export function requireDoor(name: string, { policy }: { policy?: unknown }, handlers: Readonly<Record<string, unknown>>): void {
  if (!policies.some((each) => each === policy)) {
    throw new Error(`The route ${name} declares no policy that is known: nobody could say who may call it.`);
  }
  if (typeof handlers[name] !== 'function') {
    throw new Error(`The route ${name} has no handler.`);
  }
}

/** Answers what the route table names: who may, then the body, then the handler. */
function answerRoutes(names: readonly RouteName[], options: AppOptions): Middleware {
  const { env, log } = options.deps;
  const throttle = createThrottle(env.CARMIC_RATE_LIMIT_PER_MINUTE, (route) => log.info({ route }, 'calls over a limit are refused'));
  for (const name of names) {
    requireDoor(name, routes[name], options.handlers);
  }
  const parsers = new Map(names.map((name) => [name, readBody(routes[name], options)]));
  return async (context, next) => {
    const found = matchOf(context);
    if (found === null) {
      return next();
    }
    context.state['route'] = found.name;
    try {
      await answerRoute(context, found);
    } catch (error) {
      // A refusal, too, goes by what holds now.
      if (!isOnlyRemembered(context.state['actor'] as Actor)) {
        throw error;
      }
      await (context.state['askAgain'] as () => Promise<void>)();
      await answerRoute(context, found);
    }
  };

  async function answerRoute(context: Context, { name, params }: Found): Promise<void> {
    const definition: RouteDefinition = routes[name];
    authorize(definition, context.state['actor'] as Actor);
    await requireUnrestricted(options.deps, name, context.state['actor'] as Actor);
    if (definition.policy === 'admin') {
      const { adminAddresses } = await options.settings();
      if (adminAddresses.length > 0 && !isInRanges(addressOf(context), adminAddresses)) {
        throw forbidden('Administrators may not act from this address.');
      }
    }
    const work = () => answer(context, { name, definition, params }, options, throttle);
    await (parsers.get(name)?.(context, work) ?? work());
  }
}

/** Reads the body of a route that takes one; null for those that have none. */
function readBody({ method, bodyLimitBytes }: RouteDefinition, { deps }: AppOptions): Middleware | null {
  if (method === 'GET') {
    return null;
  }
  const parser = bodyParser({
    enableTypes: ['json'],
    extendTypes: { json: ['application/json', 'application/scim+json'] },
    jsonLimit: bodyLimitBytes ?? defaultBodyLimitBytes,
    parsedMethods: ['POST', 'PUT', 'PATCH', 'DELETE'],
    jsonStrict: true,
  });
  return withTimeLimit(parser, deps.env.CARMIC_CLIENT_BODY_SECONDS * 1000);
}

/** Ends the connection of a client that sends its body too slowly. */
function withTimeLimit(parser: Middleware, bodyTimeoutMs: number): Middleware {
  return async (context, next) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      context.req.destroy(new AppError('request_timeout', 'The body took too long.'));
    }, bodyTimeoutMs);
    try {
      await parser(context, () => {
        clearTimeout(timer);
        return next();
      });
    } catch (error) {
      throw isLate ? new AppError('request_timeout', 'The request body took too long to arrive.') : error;
    } finally {
      clearTimeout(timer);
    }
  };
}

async function answer(
  context: Context,
  { name, definition, params }: { name: RouteName; definition: RouteDefinition; params: Record<string, string> },
  options: AppOptions,
  throttle: Throttle,
): Promise<void> {
  const actor = context.state['actor'] as Actor;
  const input = {
    params: definition.params?.parse(params),
    query: definition.query?.parse({ ...context.query }),
    body: definition.body?.parse((context.request as { body?: unknown }).body ?? {}),
  };
  Object.values(input).forEach((part) => refuseOddJson(part));
  refuseCards(definition, input);
  const callers = callersOf(addressOf(context), actor, input.body);
  const left = await throttle.consume(name, callers);
  context.set({
    'ratelimit-limit': String(left.limit),
    'ratelimit-remaining': String(left.remaining),
    'ratelimit-reset': String(left.resetSeconds),
  });
  if (definition.demandsMatch === true && context.get('if-match') === '') {
    throw new AppError('precondition_required', 'Say which version you change: send the ETag of what you read as If-Match.');
  }
  const handler = options.handlers[name] as (request: unknown) => Promise<unknown>;
  const work = async () => {
    const reply = await handler(buildRequest(context, options, actor, input));
    return reply instanceof CheckedReply ? reply : definition.reply.parse(reply);
  };
  const key = context.get('idempotency-key');
  const reply =
    isIdempotent(definition) && key !== '' && actor.kind === 'person'
      ? await onceWithEtag(context, options.deps, { actor, route: name, key, body: input.body, params: input.params }, work)
      : await work();
  requireProof(actor);
  await throttle.giveBack(name, callers);
  if (definition.answers !== undefined) {
    return;
  }
  context.status = definition.status;
  context.set('cache-control', 'no-store');
  if (reply === undefined) {
    context.body = null;
    context.status = 204;
    return;
  }
  context.set('content-type', definition.policy === 'directory' ? 'application/scim+json' : 'application/json; charset=utf-8');
  // As text: whoever asks Koa for the length of an object makes it write the object once more.
  context.body = reply instanceof CheckedReply ? reply.text : JSON.stringify(reply);
  if (definition.method === 'GET' && isKnownVersion(context)) {
    context.status = 304;
  }
}

/** The first answer, with the version that it told: whoever goes on from a repeated answer needs it as much. */
async function onceWithEtag(context: Context, deps: Deps, request: Parameters<typeof once>[1], work: () => Promise<unknown>) {
  const first = (await once(deps, request, async () => ({ reply: await work(), etag: String(context.res.getHeader('etag') ?? '') }))) as {
    reply?: unknown;
    etag: string;
  };
  if (first.etag !== '') {
    context.set('etag', first.etag);
  }
  return first.reply;
}

/** Secrets, of which only hashes are kept, and files. */
const notText: ReadonlySet<string> = new Set(['password', 'currentPassword', 'newPassword', 'contentBase64', 'sha256']);

/** Nobody may leave the number of a card with us, in whatever field. Agents and directories send no text of people who type. */
function refuseCards({ policy, path }: RouteDefinition, input: { query: unknown; body: unknown }): void {
  if (policy === 'agent' || policy === 'directory' || path === routes.receiveStripeEvent.path) {
    return;
  }
  if (anyHoldsCardNumber([input.query, input.body], notText)) {
    throw invalidInput('This looks like the number of a payment card. Cards are entered on Stripe’s page only; nothing of it was kept.');
  }
}

/**
 * Who is throttled: whoever is known, by account; otherwise the address, the account (or the link to a clip) that is named, and both together, so that
 * neither many addresses nor many names help, and a stranger's guesses do not lock the owner out.
 */
function callersOf(address: string, actor: Actor, body: unknown): string[] {
  if (actor.kind !== 'nobody') {
    return [`user:${idOf(actor)}`];
  }
  const { email, linkToken } = (body ?? {}) as { email?: unknown; linkToken?: unknown };
  const named = typeof email === 'string' ? email.toLowerCase() : linkToken;
  const account = typeof named === 'string' ? named : null;
  return account === null ? [`address:${address}`] : [`address:${address}`, `pair:${address}:${account}`, `email:${account}`];
}

function idOf(actor: Exclude<Actor, { kind: 'nobody' }>): string {
  switch (actor.kind) {
    case 'person':
      return actor.userId;
    case 'agent':
      return `agent:${actor.agentId}`;
    case 'directory':
      return `directory:${actor.providerId}`;
  }
}

/** Aborted when the caller hangs up or the server stops. Only requests that wait ask for it. */
function watchCaller(context: Context, stopping: AbortSignal): AbortSignal {
  const hangUp = new AbortController();
  if (context.res.closed) {
    hangUp.abort();
  }
  context.res.once('close', () => hangUp.abort());
  return AbortSignal.any([hangUp.signal, stopping]);
}

function buildRequest(context: Context, options: AppOptions, actor: Actor, input: object): ApiRequest<RouteName> {
  const baseUrl = options.baseUrl();
  const cookie = { httpOnly: true, sameSite: 'lax', secure: baseUrl.startsWith('https:'), path: '/', overwrite: true } as const;
  return {
    ...input,
    deps: options.deps,
    actor,
    requestId: String(context.state['requestId']),
    address: addressOf(context),
    rawBody: (context.request as { rawBody?: string }).rawBody ?? '',
    signature: context.get('stripe-signature'),
    browser: describeBrowser(context.get('user-agent')),
    ...buildEtag(context),
    get signal() {
      return watchCaller(context, options.stopping);
    },
    ...buildAnswers(context),
    step: context.cookies.get(`${cookieName(baseUrl)}-step`) ?? null,
    setStep(token: string | null) {
      context.cookies.secure = cookie.secure;
      context.cookies.set(`${cookieName(baseUrl)}-step`, token, { ...cookie, maxAge: stepMs });
    },
    setSession(token: string, expires: Date) {
      context.cookies.secure = cookie.secure;
      context.cookies.set(cookieName(baseUrl), token, { ...cookie, expires });
    },
    clearSession() {
      context.cookies.secure = cookie.secure;
      context.cookies.set(cookieName(baseUrl), null, cookie);
    },
  } as unknown as ApiRequest<RouteName>;
}

/** Whether the caller has this version already (RFC 9110, section 13.1.2). */
function isKnownVersion(context: Context): boolean {
  const etag = context.response.get('etag');
  return (
    etag !== '' &&
    context
      .get('if-none-match')
      .split(',')
      .some((each) => each.trim() === etag)
  );
}
