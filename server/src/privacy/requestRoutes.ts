import { requireFresh } from '../accounts/reauthenticate.ts';
import type { RouteInput } from '@carmic/contract';
import type { Deps } from '../deps.ts';
import { type Handlers, type Person, personOf } from '../http/request.ts';
import { listEngineRuns } from './engineRuns.ts';
import { buryPeople, erasePerson } from './requests/erasePerson.ts';
import {
  askPerson,
  enterRequest,
  handleRequest,
  listOwnRequests,
  listRequests,
  recordRequest,
  withdrawRequest,
} from './requests/requests.ts';
import { changeRights, readRights } from './requests/rights.ts';

async function updateRights(deps: Deps, { userId }: Person, body: RouteInput<'updateRights'>['body']) {
  return deps.db.asSystem(async (tx) => {
    const changed = await changeRights(deps, tx, userId, body, userId);
    const own = { channel: 'console', state: 'done', userId, actorId: userId } as const;
    if (changed.includes('isRestricted')) {
      await recordRequest(deps, tx, { ...own, kind: 'restriction' });
    }
    if (changed.some((name) => name !== 'isRestricted')) {
      await recordRequest(deps, tx, { ...own, kind: 'objection' });
    }
    return readRights(deps, tx, userId);
  });
}

/** What people and administrators do about personal data. */
export const privacyRequestHandlers = {
  getRights: ({ actor, deps }) => deps.db.asSystem((tx) => readRights(deps, tx, personOf({ actor }).userId)),
  updateRights: (request) => updateRights(request.deps, personOf(request), request.body),
  createOwnPrivacyRequest: (request) => askPerson(request.deps, personOf(request), request.body),
  listOwnPrivacyRequests: async (request) => ({ items: await listOwnRequests(request.deps, personOf(request).userId) }),
  withdrawPrivacyRequest: (request) => withdrawRequest(request.deps, personOf(request), request.params.id),
  listEngineRuns: async (request) => ({
    items: await request.deps.db.inWorkspace(personOf(request).workspaceId, (tx) => listEngineRuns(request.deps, tx, request.params.id)),
  }),
  listPrivacyRequests: ({ deps, query }) => listRequests(deps, query),
  createPrivacyRequest: (request) => enterRequest(request.deps, personOf(request), request.body),
  handlePrivacyRequest: (request) => handleRequest(request.deps, personOf(request), request.params.id, request.body),
  async deleteMe(request) {
    const { deps } = request;
    const person = personOf(request);
    requireFresh(deps, person);
    const { userId } = person;
    await deps.db.asSystem(async (tx) => {
      const receipt = await erasePerson(deps, tx, userId, userId);
      await recordRequest(deps, tx, { kind: 'erasure', channel: 'console', state: 'done', userId, actorId: userId, receipt });
    });
    await buryPeople(deps);
    request.clearSession();
    return undefined;
  },
} satisfies Partial<Handlers>;
