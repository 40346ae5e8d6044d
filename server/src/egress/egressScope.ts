import { AsyncLocalStorage } from 'node:async_hooks';

/** For whom and about what a call is made. */
export interface EgressScope {
  workspaceId: string | null;
  videoId: string | null;
}

const scopes = new AsyncLocalStorage<EgressScope>();

/** Runs work whose calls of third parties are written down for a workspace and a video. */
export function inEgressScope<T>(scope: EgressScope, work: () => Promise<T>): Promise<T> {
  return scopes.run(scope, work);
}

/** For whom the running code works; nobody in particular outside of any scope. */
export const egressScope = (): EgressScope => scopes.getStore() ?? { workspaceId: null, videoId: null };
