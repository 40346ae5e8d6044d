import { type Call, createClient } from '@carmic/contract';
import type { Instance } from './startInstance.ts';

/** The HTTP API as this machine's own session sees it. */
export interface Api {
  readonly call: Call;
  readonly baseUrl: string;
  /** Header for addresses of this server that no route of the contract names. */
  readonly authorization: string;
}

/** Builds the typed client with this machine's own session. */
export async function createApi(instance: Pick<Instance, 'baseUrl' | 'sessionToken'>): Promise<Api> {
  const authorization = `Bearer ${await instance.sessionToken()}`;
  return {
    call: createClient({ baseUrl: instance.baseUrl, headers: () => ({ authorization }) }),
    baseUrl: instance.baseUrl,
    authorization,
  };
}
