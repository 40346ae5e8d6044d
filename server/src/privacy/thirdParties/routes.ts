import { type Handlers, personOf } from '../../http/request.ts';
import { listCalls, listThirdParties, updateThirdParty } from './thirdParties.ts';

/** Who else is given something, and what. */
export const thirdPartyHandlers = {
  listThirdParties: async ({ deps }) => ({ items: await deps.db.asSystem((tx) => listThirdParties(deps, tx)) }),
  updateThirdParty: (request) => updateThirdParty(request.deps, personOf(request).userId, request.params.party, request.body),
  async listThirdPartyCalls(request) {
    const { workspaceId } = personOf(request);
    const { deps, query } = request;
    return { items: await deps.db.inWorkspace(workspaceId, (tx) => listCalls(deps, tx, workspaceId, query.limit)) };
  },
} satisfies Partial<Handlers>;
