/** Waits for a real agent to render. */
import type { Rendition } from '@carmic/contract';
import type { AgentProcess } from '../../support/agentProcess.ts';

/** Asks again until the rendition is ready; throws with the end of the agent's log when it failed, or after 200 s. */
export async function untilRendered(agent: AgentProcess, read: () => Promise<Rendition | undefined>): Promise<Rendition> {
  for (const deadline = Date.now() + 200_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 250))) {
    const found = await read();
    if (found?.state === 'ready') {
      return found;
    }
    if (found?.state === 'failed') {
      throw new Error(`The rendering failed: ${found.failure?.message ?? ''} ${agent.log().slice(-1500)}`);
    }
  }
  throw new Error(`The rendering did not end in time. ${agent.log().slice(-1500)}`);
}
