import type { Deps } from '../deps.ts';
import { presentMe } from './present.ts';
import type { SignedIn } from './signIn.ts';

/** Gives the browser its session and answers who is signed in. */
export async function enter(request: { deps: Deps; setSession(token: string, expiresAt: Date): void }, signedIn: SignedIn) {
  const { token, expiresAt, person } = signedIn;
  request.setSession(token, expiresAt);
  return { me: await request.deps.db.asSystem((tx) => presentMe(request.deps, tx, person)), expiresAt: expiresAt.toISOString() };
}
