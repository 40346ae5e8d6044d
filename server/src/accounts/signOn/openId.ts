/**
 * Talking OpenID Connect (Core 1.0, Discovery 1.0) with PKCE (RFC 7636), by openid-client. Keeps: T2: nothing is contacted but the issuer an
 * administrator wrote down and the endpoints that its discovery document names.
 */
import {
  allowInsecureRequests,
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  clockTolerance,
  Configuration,
  customFetch,
  type CustomFetchOptions,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import type { SignOnCheck } from '@carmic/contract';
import { AppError } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { sizeOf } from '../../egress/egress.ts';
import { clientSecretFor } from './clientSecret.ts';
import { type Provider, redirectUriOf } from './providers.ts';

const timeoutSeconds = 10;
const maxReplyBytes = 1024 * 1024;
/** How long a discovery document is believed. */
const keepMs = 5 * 60_000;
const toleranceSeconds = 30;

/** What a person's provider says about them. */
export interface Claims {
  subject: string;
  email: string | null;
  isEmailVerified: boolean;
  name: string | null;
  /** Null when the provider says nothing about groups. */
  groups: readonly string[] | null;
}

/** What has to be remembered between the way there and the way back. */
export interface Steps {
  state: string;
  nonce: string;
  verifier: string;
}

const failed = (message: string, cause: unknown) => new AppError('sign_on_failed', message, { cause });

/** Calls the provider: bounded in time and bytes, no redirects. */
function createFetch(deps: Deps, provider: Provider) {
  return async (url: string, options: Partial<CustomFetchOptions>): Promise<Response> => {
    const started = performance.now();
    const { body: sent, method = 'GET', headers = {} } = options;
    const note = (outcome: string) =>
      deps.egress.note({
        party: 'identity-provider',
        host: new URL(url).host,
        outcome,
        sentBytes: sizeOf(sent) ?? 0,
      });
    const response = await fetch(url, {
      method,
      headers,
      ...(sent === undefined || sent === null ? {} : { body: sent }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    }).catch((error: unknown) => {
      note('failed');
      throw error;
    });
    note(`${Math.floor(response.status / 100)}xx`);
    const body = await readBounded(response);
    deps.log.info(
      { party: 'identity provider', provider: provider.id, status: response.status, ms: Math.round(performance.now() - started) },
      'outgoing call',
    );
    return new Response(response.status === 204 || response.status === 304 ? null : body, {
      status: response.status,
      headers: response.headers,
    });
  };
}

async function readBounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxReplyBytes) {
      throw new Error('The provider’s answer is larger than is read.');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const kept = new Map<string, { configuration: Configuration; until: number }>();

/** The provider’s configuration, asked for at most every five minutes unless `isFresh`. Throws sign_on_failed with what went wrong. */
async function configure(deps: Deps, provider: Provider, isFresh = false): Promise<Configuration> {
  const key = `${provider.id}:${provider.version}`;
  const known = kept.get(key);
  if (!isFresh && known !== undefined && performance.now() < known.until) {
    return known.configuration;
  }
  const call = createFetch(deps, provider);
  const options = {
    [customFetch]: call,
    timeout: timeoutSeconds,
    ...(provider.issuer.startsWith('http:') ? { execute: [allowInsecureRequests] } : {}),
  };
  try {
    const found = await discovery(new URL(provider.issuer), provider.clientId, undefined, undefined, options);
    const server = found.serverMetadata();
    const configuration = new Configuration(
      server,
      provider.clientId,
      { [clockTolerance]: toleranceSeconds },
      clientSecretFor(server, provider.clientSecret),
    );
    configuration[customFetch] = call;
    configuration.timeout = timeoutSeconds;
    if (provider.issuer.startsWith('http:')) {
      allowInsecureRequests(configuration);
    }
    kept.set(key, { configuration, until: performance.now() + keepMs });
    return configuration;
  } catch (error) {
    throw failed(`${provider.name} cannot be reached or its discovery document is not usable: ${reasonOf(error)}.`, error);
  }
}

/** The reason in words, without anything secret. */
function reasonOf(error: unknown): string {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return `it answered ${error.error}${error.error_description === undefined ? '' : ` (${error.error_description.slice(0, 200)})`}`;
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    const named = error.cause.map(({ parameters }) => parameters['error']).find((each) => each !== undefined);
    return `it refused the client id or secret (${named ?? 'invalid_client'})`;
  }
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) {
    deepest = deepest.cause;
  }
  return deepest instanceof Error ? deepest.message.slice(0, 200).replace(/\.$/, '') : 'no reason was given';
}

/** Where the browser goes, and what to remember for its way back. `again` makes the provider ask for the credentials. */
export async function leadToProvider(deps: Deps, provider: Provider, again: boolean): Promise<{ url: string; steps: Steps }> {
  const configuration = await configure(deps, provider);
  const steps: Steps = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUriOf(deps),
    scope: provider.scopes,
    state: steps.state,
    nonce: steps.nonce,
    code_challenge: await calculatePKCECodeChallenge(steps.verifier),
    code_challenge_method: 'S256',
    ...(again ? { prompt: 'login', max_age: '0' } : {}),
  });
  return { url: url.href, steps };
}

/** Takes the browser’s way back: checks state, code, signature, nonce, audience and times, and answers what the provider says of the person. */
export async function readWayBack(
  deps: Deps,
  provider: Provider,
  query: Record<string, unknown>,
  steps: Steps & { again: boolean },
): Promise<Claims> {
  const configuration = await configure(deps, provider);
  const url = new URL(redirectUriOf(deps));
  for (const [name, value] of Object.entries(query)) {
    url.searchParams.set(name, String(value));
  }
  try {
    const tokens = await authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: steps.verifier,
      expectedState: steps.state,
      expectedNonce: steps.nonce,
      idTokenExpected: true,
      ...(steps.again ? { maxAge: toleranceSeconds } : {}),
    });
    const claims = tokens.claims();
    if (claims === undefined) {
      throw new Error('The provider sent no ID token.');
    }
    const said: Record<string, unknown> = { ...claims };
    const isLacking = said['email'] === undefined || said[provider.groupsClaim] === undefined;
    if (isLacking && configuration.serverMetadata().userinfo_endpoint !== undefined) {
      Object.assign(said, await fetchUserInfo(configuration, tokens.access_token, claims.sub));
    }
    return readClaims(said, provider.groupsClaim);
  } catch (error) {
    throw failed(`Signing in with ${provider.name} did not work: ${reasonOf(error)}. Try again, or tell an administrator.`, error);
  }
}

function readClaims(said: Record<string, unknown>, groupsClaim: string): Claims {
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  const groups = said[groupsClaim];
  return {
    subject: String(said['sub']),
    email: text(said['email']),
    isEmailVerified: said['email_verified'] === true || said['email_verified'] === 'true',
    name: text(said['name']) ?? text(said['preferred_username']),
    groups: Array.isArray(groups) ? groups.map(String) : typeof groups === 'string' ? [groups] : null,
  };
}

/** Asks the provider now and says what fits and what does not. */
export async function checkProvider(deps: Deps, provider: Provider): Promise<SignOnCheck[]> {
  let configuration: Configuration;
  try {
    configuration = await configure(deps, provider, true);
  } catch (error) {
    return [{ name: 'discovery', isOk: false, message: error instanceof Error ? error.message : String(error) }];
  }
  const server = configuration.serverMetadata();
  const checks: SignOnCheck[] = [{ name: 'discovery', isOk: true, message: `The issuer ${server.issuer} answers.` }];
  const add = (name: string, isOk: boolean, good: string, bad: string) => checks.push({ name, isOk, message: isOk ? good : bad });
  const list = (value: unknown) => (Array.isArray(value) ? (value as string[]) : null);
  add(
    'code',
    list(server.response_types_supported)?.includes('code') ?? true,
    'It offers the code flow.',
    'It does not offer the code flow.',
  );
  const methods = list(server.code_challenge_methods_supported);
  add(
    'pkce',
    methods?.includes('S256') ?? false,
    'It announces PKCE with S256.',
    'It does not announce PKCE with S256; most take it all the same, and the trial sign-on shows it.',
  );
  const missing = provider.scopes.split(/\s+/).filter((scope) => list(server.scopes_supported)?.includes(scope) === false);
  add('scopes', missing.length === 0, 'It knows every scope that is asked for.', `It does not announce the scopes ${missing.join(', ')}.`);
  checks.push(await checkKeys(deps, provider, server.jwks_uri));
  return checks;
}

async function checkKeys(deps: Deps, provider: Provider, address: string | undefined): Promise<SignOnCheck> {
  try {
    const response = await createFetch(deps, provider)(address ?? '', { headers: { accept: 'application/json' } });
    const { keys } = (await response.json()) as { keys?: unknown[] };
    const count = Array.isArray(keys) ? keys.length : 0;
    return {
      name: 'keys',
      isOk: count > 0,
      message: count > 0 ? `It publishes its signing keys (${count}).` : 'It publishes no signing key.',
    };
  } catch (error) {
    return { name: 'keys', isOk: false, message: `Its signing keys cannot be read: ${reasonOf(error)}.` };
  }
}
