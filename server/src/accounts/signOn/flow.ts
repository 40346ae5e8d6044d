/**
 * A sign-on in three steps, bound to one browser by an HttpOnly cookie: away to the provider, back with its answer, and then the console opens
 * the session. A link that somebody else began opens nothing, because the cookie is missing.
 */
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { createToken, useToken } from '../accountTokens.ts';
import { continueSignIn, type SignInResult } from '../signIn.ts';
import { requireOwnAddress, resolveIdentity } from './identities.ts';
import { describeGrants } from './memberships.ts';
import { type Claims, leadToProvider, readWayBack } from './openId.ts';
import { keepTrial, loadProvider, type Provider } from './providers.ts';

const beginSchema = z.object({
  providerId: z.string(),
  purpose: z.enum(['sign_in', 'trial']),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  again: z.boolean(),
});
const outcomeSchema = z.union([z.object({ userId: z.string(), providerId: z.string() }), z.object({ problem: z.string() })]);

/** Begins a sign-on: where the browser goes, and the token for its cookie. */
export async function beginSignOn(
  deps: Deps,
  id: string,
  { purpose, again }: { purpose: 'sign_in' | 'trial'; again: boolean },
): Promise<{ url: string; token: string }> {
  const provider = await deps.db.asSystem((tx) => loadProvider(deps, tx, id));
  if (!provider.isEnabled && purpose === 'sign_in') {
    throw new AppError('not_found', 'There is no such identity provider.');
  }
  const { url, steps } = await leadToProvider(deps, provider, again);
  const data = { providerId: id, purpose, again, ...steps };
  const { token } = await deps.db.asSystem((tx) => createToken(deps, tx, { kind: 'sign_on', userId: null, data }));
  return { url, token };
}

/** Takes the browser back. Answers where it goes on, and the token of the outcome for its cookie. */
export async function takeBack(
  deps: Deps,
  cookie: string | null,
  query: Record<string, unknown>,
): Promise<{ path: string; token: string | null }> {
  const begun = await openCookie(deps, cookie);
  if (begun === null) {
    return { path: '/#/sign-in?sign-on=done', token: null };
  }
  const provider = await deps.db.asSystem((tx) => loadProvider(deps, tx, begun.providerId));
  if (begun.purpose === 'trial') {
    await takeTrial(deps, provider, () => readWayBack(deps, provider, query, begun));
    return { path: `/#/sign-on?trial=${provider.id}`, token: null };
  }
  const outcome = await resolve(deps, provider, () => readWayBack(deps, provider, query, begun));
  const { token } = await deps.db.asSystem((tx) => createToken(deps, tx, { kind: 'sign_on_outcome', userId: null, data: outcome }));
  return { path: '/#/sign-in?sign-on=done', token };
}

async function openCookie(deps: Deps, cookie: string | null): Promise<z.infer<typeof beginSchema> | null> {
  try {
    const { data } = await deps.db.asSystem((tx) => useToken(deps, tx, 'sign_on', cookie ?? ''));
    return beginSchema.parse(data);
  } catch (error) {
    if (error instanceof AppError && error.code === 'gone') {
      return null;
    }
    throw error;
  }
}

/** A problem is an outcome too: the console shows it in words. */
async function resolve(deps: Deps, provider: Provider, read: () => Promise<Claims>): Promise<z.infer<typeof outcomeSchema>> {
  try {
    const claims = await read();
    const user = await deps.db.asSystem((tx) => resolveIdentity(deps, tx, provider, claims));
    return { userId: user.id, providerId: provider.id };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'sign_on_failed') {
      throw error;
    }
    deps.log.warn({ provider: provider.id, reason: error.message }, 'a sign-on was refused');
    await deps.db.asSystem((tx) => deps.appendEvent(tx, { workspaceId: null, type: 'session.refused', data: { providerId: provider.id } }));
    return { problem: error.message };
  }
}

async function takeTrial(deps: Deps, provider: Provider, read: () => Promise<Claims>): Promise<void> {
  const at = deps.clock.now().toISOString();
  const nothing = { at, isOk: false, email: null, groups: [], grants: [], isAdministrator: false };
  let claims: Claims | null = null;
  let problem = '';
  try {
    claims = await read();
    requireOwnAddress(provider, claims);
  } catch (error) {
    if (!(error instanceof AppError)) {
      throw error;
    }
    problem = error.message;
  }
  await deps.db.asSystem(async (tx) => {
    if (claims === null) {
      await keepTrial(deps, tx, provider.id, { ...nothing, message: problem });
      return;
    }
    const groups = [...(claims.groups ?? [])];
    const message =
      problem !== '' ? problem : claims.groups === null ? `It works; there was no claim “${provider.groupsClaim}”.` : 'It works.';
    const given = await describeGrants(deps, tx, provider, groups);
    await keepTrial(deps, tx, provider.id, { at, isOk: problem === '', message, email: claims.email, groups, ...given });
  });
}

/** Opens the session that a sign-on has earned, or asks for the second factor. Throws sign_on_failed with what went wrong. */
export async function completeSignOn(deps: Deps, cookie: string | null, browser: string | null): Promise<SignInResult> {
  if (cookie === null) {
    throw new AppError('gone', 'This sign-on took too long, or was begun in another browser: begin again.');
  }
  return deps.db
    .asSystem(async (tx) => {
      const outcome = outcomeSchema.parse((await useToken(deps, tx, 'sign_on_outcome', cookie)).data);
      if ('problem' in outcome) {
        return outcome;
      }
      const provider = await loadProvider(deps, tx, outcome.providerId);
      return continueSignIn(deps, tx, outcome.userId, browser, provider);
    })
    .then((result) => {
      if ('problem' in result) {
        throw new AppError('sign_on_failed', result.problem);
      }
      return result;
    });
}
