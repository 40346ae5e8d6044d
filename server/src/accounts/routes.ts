import { listPendingMails, isMailOn } from '../mail/mail.ts';
import type { ApiRequest, Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { createApiKey, deleteApiKey, listApiKeys, rotateApiKey } from './apiKeys.ts';
import { enter } from './enter.ts';
import { createMediaVisit, listMediaVisits } from './mediaVisits.ts';
import {
  acceptInvitation,
  createInvitation,
  createServiceAccount,
  deleteInvitation,
  getInvitation,
  joinWorkspace,
  listInvitations,
  listMembers,
  removeMember,
  transferOwnership,
  updateMember,
} from './members.ts';
import { createOwnWorkspace, presentWorkspace, renameWorkspace, switchWorkspace, workspaceVersion } from './ownWorkspaces.ts';
import { createPasskey, createPasskeyChallenge, createPasskeyRegistration, deletePasskey } from './passkeys.ts';
import { presentMe } from './present.ts';
import { reauthenticate, requireFresh } from './reauthenticate.ts';
import { confirmTotp, createTotp, deleteTotp, presentSecondFactors, renewRecoveryCodes } from './secondFactors.ts';
import { endSession, endSessions, listSessions } from './sessions.ts';
import { readSettings, settingsVersion, writeSettings } from './settings.ts';
import { signInByLink, signInByPasskey, signInByPassword, signInBySecondFactor } from './signIn.ts';
import { signOnHandlers } from './signOn/routes.ts';
import { completePasswordReset, confirmEmail, confirmSignUp, requestPasswordReset, requestSignUp, sameForAll } from './signUp.ts';
import { updateMe } from './updateMe.ts';
import { inviteUser, listUsers, resetUser, updateUser } from './users.ts';

/** The person, once it is sure that it is still them. */
function freshPerson(request: Pick<ApiRequest<'getMe'>, 'deps' | 'actor'>) {
  const person = personOf(request);
  requireFresh(request.deps, person);
  return person;
}

/** Sign-in, sign-up, the own account, second factors. */
export const accountHandlers = {
  async createSession(request) {
    const { deps, body, browser } = request;
    const { session, step } = await signInByPassword(deps, body.email, body.password, browser);
    return session === null
      ? { me: null, expiresAt: null, secondFactor: step }
      : { ...(await enter(request, session)), secondFactor: null };
  },
  createOneTimeSession: async (request) => enter(request, await signInByLink(request.deps, request.body.token, request.browser)),
  createSecondFactorSession: async (request) => enter(request, await signInBySecondFactor(request.deps, request.body, request.browser)),
  createPasskeyChallenge: ({ deps }) => createPasskeyChallenge(deps),
  createPasskeySession: async (request) =>
    enter(request, await signInByPasskey(request.deps, request.body.token, request.body.response, request.browser)),
  async createSignUp({ deps, body }) {
    await requestSignUp(deps, body);
    return { message: sameForAll };
  },
  confirmSignUp: async (request) => enter(request, await confirmSignUp(request.deps, request.body.token, request.browser)),
  async createPasswordReset({ deps, body }) {
    await requestPasswordReset(deps, body.email);
    return { message: sameForAll };
  },
  async completePasswordReset({ deps, body }) {
    await completePasswordReset(deps, body.token, body.password);
    return undefined;
  },
  async confirmEmail({ deps, body }) {
    await confirmEmail(deps, body.token);
    return undefined;
  },
  async deleteSession(request) {
    await endSession(request.deps, personOf(request), personOf(request).sessionId);
    request.clearSession();
    return undefined;
  },
  async getMe(request) {
    const person = personOf(request);
    return request.deps.db.asSystem((tx) => presentMe(request.deps, tx, person));
  },
  updateMe: (request) => updateMe(request.deps, personOf(request), request.body),
  async createReauthentication(request) {
    await reauthenticate(request.deps, personOf(request), request.body);
    return undefined;
  },
  listSessions: async (request) => ({ items: await listSessions(request.deps, personOf(request)) }),
  async endSession(request) {
    await endSession(request.deps, freshPerson(request), request.params.id);
    return undefined;
  },
  async endOtherSessions(request) {
    const person = freshPerson(request);
    await request.deps.db.asSystem((tx) => endSessions(request.deps, tx, person.userId, person.sessionId));
    return undefined;
  },
  switchWorkspace: (request) => switchWorkspace(request.deps, personOf(request), request.body.workspaceId),
  async getSecondFactors(request) {
    const person = personOf(request);
    return request.deps.db.asSystem((tx) => presentSecondFactors(request.deps, tx, person));
  },
  createTotp: async (request) => createTotp(request.deps, freshPerson(request)),
  confirmTotp: async (request) => ({ recoveryCodes: await confirmTotp(request.deps, freshPerson(request), request.body.code) }),
  async deleteTotp(request) {
    await deleteTotp(request.deps, freshPerson(request));
    return undefined;
  },
  createRecoveryCodes: async (request) => ({ recoveryCodes: await renewRecoveryCodes(request.deps, freshPerson(request)) }),
  createPasskeyRegistration: async (request) => createPasskeyRegistration(request.deps, freshPerson(request)),
  createPasskey: async (request) => createPasskey(request.deps, freshPerson(request), request.body),
  async deletePasskey(request) {
    await deletePasskey(request.deps, freshPerson(request), request.params.id);
    return undefined;
  },
} satisfies Partial<Handlers>;

/** Workspaces, members, keys. */
export const workspaceHandlers = {
  createWorkspace: (request) => createOwnWorkspace(request.deps, personOf(request), request.body.name),
  async getOwnWorkspace(request) {
    const { workspaceId, role } = personOf(request);
    const workspace = await request.deps.db.inWorkspace(workspaceId, (tx) => presentWorkspace(request.deps, tx, workspaceId, role));
    request.setEtag(workspaceVersion(workspace));
    return workspace;
  },
  async updateOwnWorkspace(request) {
    const workspace = await renameWorkspace(request.deps, personOf(request), request.body.name, request.checkMatch);
    request.setEtag(workspaceVersion(workspace));
    return workspace;
  },
  async listMembers(request) {
    const { workspaceId } = personOf(request);
    return { items: await request.deps.db.inWorkspace(workspaceId, (tx) => listMembers(request.deps, tx, workspaceId)) };
  },
  updateMember: (request) => updateMember(request.deps, personOf(request), request.params.id, request.body.role),
  async removeMember(request) {
    await removeMember(request.deps, personOf(request), request.params.id);
    return undefined;
  },
  transferOwnership: async (request) => ({ items: await transferOwnership(request.deps, personOf(request), request.body.userId) }),
  listInvitations: async (request) => ({ items: await listInvitations(request.deps, personOf(request)) }),
  createInvitation: (request) => createInvitation(request.deps, personOf(request), request.body),
  async deleteInvitation(request) {
    await deleteInvitation(request.deps, personOf(request), request.params.id);
    return undefined;
  },
  getInvitation: ({ deps, body }) => getInvitation(deps, body.token),
  acceptInvitation: async (request) => enter(request, await acceptInvitation(request.deps, request.body, request.browser)),
  async joinWorkspace(request) {
    const { id, role } = await joinWorkspace(request.deps, personOf(request), request.body.token);
    return request.deps.db.inWorkspace(id, (tx) => presentWorkspace(request.deps, tx, id, role));
  },
  createServiceAccount: (request) => createServiceAccount(request.deps, personOf(request), request.body),
  listApiKeys: async (request) => ({ items: await listApiKeys(request.deps, personOf(request)) }),
  createApiKey: async (request) => createApiKey(request.deps, freshPerson(request), request.body),
  rotateApiKey: async (request) => rotateApiKey(request.deps, personOf(request), request.params.id, request.body.overlapHours),
  async deleteApiKey(request) {
    await deleteApiKey(request.deps, personOf(request), request.params.id);
    return undefined;
  },
  createMediaVisit: (request) => createMediaVisit(request.deps, personOf(request), request.params.id, request.body.reason),
  listMediaVisits: async (request) => ({ items: await listMediaVisits(request.deps, personOf(request)) }),
} satisfies Partial<Handlers>;

/** Administration of people. */
export const peopleHandlers = {
  ...signOnHandlers,
  async getAccountSettings({ deps, setEtag }) {
    const settings = await deps.db.asSystem((tx) => readSettings(deps, tx));
    setEtag(settingsVersion(settings));
    return settings;
  },
  async putAccountSettings(request) {
    const { deps, body } = request;
    await writeSettings(deps, personOf(request), request.address, body, request.checkMatch);
    request.setEtag(settingsVersion(body));
    return body;
  },
  listUsers: ({ deps, query }) => listUsers(deps, query),
  createUser: (request) => inviteUser(request.deps, personOf(request), request.body),
  updateUser: (request) => updateUser(request.deps, personOf(request), request.params.id, request.body),
  createUserReset: (request) => resetUser(request.deps, personOf(request), request.params.id, request.body.removeSecondFactors),
  async listPendingLinks({ deps }) {
    const mails = await deps.db.asSystem((tx) => listPendingMails(deps, tx));
    return {
      isMailOn: isMailOn(deps),
      items: mails.flatMap(({ id, kind, to, link, createdAt, expiresAt }) =>
        link === null || isMailOn(deps)
          ? []
          : [{ id, kind, email: to, link, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() }],
      ),
    };
  },
} satisfies Partial<Handlers>;
