import type { Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { presentMe } from './present.ts';
import { signInByLink, signInByPassword } from './signIn.ts';
import { updateMe } from './updateMe.ts';

/** Sign-in, sign-out and the own account. */
export const accountHandlers = {
  async createSession({ deps, body, setSession }) {
    const { token, expiresAt, person } = await signInByPassword(deps, body.email, body.password);
    setSession(token, expiresAt);
    return { me: await deps.db.asSystem((tx) => presentMe(deps, tx, person)), expiresAt: expiresAt.toISOString() };
  },
  async createOneTimeSession({ deps, body, setSession }) {
    const { token, expiresAt, person } = await signInByLink(deps, body.token);
    setSession(token, expiresAt);
    return { me: await deps.db.asSystem((tx) => presentMe(deps, tx, person)), expiresAt: expiresAt.toISOString() };
  },
  async deleteSession(request) {
    const { deps, clearSession } = request;
    const { sessionId, workspaceId, userId } = personOf(request);
    await deps.db.asSystem(async (tx) => {
      await deps.db.change(tx, 'DELETE FROM sessions WHERE id = :sessionId', { sessionId });
      await deps.appendEvent(tx, { workspaceId, type: 'session.ended', subjectId: sessionId, actorId: userId });
    });
    clearSession();
    return undefined;
  },
  async getMe(request) {
    const person = personOf(request);
    return request.deps.db.asSystem((tx) => presentMe(request.deps, tx, person));
  },
  async updateMe(request) {
    return updateMe(request.deps, personOf(request), request.body);
  },
} satisfies Pick<Handlers, 'createSession' | 'createOneTimeSession' | 'deleteSession' | 'getMe' | 'updateMe'>;
