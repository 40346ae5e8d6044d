import { buildDeps } from '../buildDeps.ts';
import { readEnv } from '../core/env.ts';
import type { Deps } from '../deps.ts';
import type { CommandCall } from './command.ts';
import { commandLog } from './installation.ts';

/**
 * Runs `work` with what verbs use, and nothing listening. The storage is opened and not tried: who must get in again gets in while it is broken.
 * Throws StartError.
 */
export async function withDeps<T>(call: CommandCall, work: (deps: Deps) => Promise<T>): Promise<T> {
  const env = readEnv(call.environment);
  const { deps } = await buildDeps(env, commandLog(env), { baseUrl: () => env.CARMIC_BASE_URL ?? '', isStorageTried: false });
  try {
    return await work(deps);
  } finally {
    await deps.db.close();
  }
}
