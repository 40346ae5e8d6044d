import type { Handlers } from '../../http/request.ts';
import { personOf } from '../../http/request.ts';
import { createPolicy, listPolicies, rulesFor } from './policyVersions.ts';
import { appealVideo, decideReview, listReviews, openReview } from './reviews.ts';

/** The safety policy, reviews and appeals. */
export const safetyHandlers = {
  async getSafetyRules(request) {
    const { deps } = request;
    const { workspaceId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, (tx) => rulesFor(deps, tx, workspaceId));
  },
  async listSafetyPolicies({ deps }) {
    return deps.db.asSystem(async (tx) => ({ items: await listPolicies(deps, tx) }));
  },
  createSafetyPolicy: (request) => createPolicy(request.deps, personOf(request), request.body),
  listSafetyReviews: ({ deps, query }) => listReviews(deps, query),
  openSafetyReview: (request) => openReview(request.deps, personOf(request), request.params.id),
  decideSafetyReview: (request) => decideReview(request.deps, personOf(request), request.params.id, request.body),
  appealVideo: (request) => appealVideo(request.deps, personOf(request), request.params.id, request.body.message),
} satisfies Partial<Handlers>;
