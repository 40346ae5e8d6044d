import { readEnv } from '../core/env.ts';
import type { Deps } from '../deps.ts';
import { startServer } from '../main.ts';
import type { CommandCall } from './command.ts';
import { commandLog } from './installation.ts';

/**
 * Runs `work` as a server that has started and listens nowhere: deletions of the journal are repeated, third parties announced and their calls
 * written down. Throws StartError.
 */
export async function withServer<T>(call: CommandCall, work: (deps: Deps) => Promise<T>): Promise<T> {
  const server = await startServer({ env: call.environment, processes: [], log: commandLog(readEnv(call.environment)) });
  try {
    return await work(server.deps);
  } finally {
    await server.close();
  }
}
