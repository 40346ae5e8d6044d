import { setTimeout as sleep } from 'node:timers/promises';
import { agentLogBatch, ApiError } from '@carmic/contract';
import type { LogLines } from '../agentLog.ts';
import type { ServerClient } from '../lease/serverClient.ts';

const sendEveryMs = 5000;

/**
 * Hands the log to the server while the agent works, and its end when it ends. Lines that the server does not take wait for the next round: that it
 * does not answer is in the log already, from whoever needed it, and to write it here would make a line of every try. A server of before that knows no
 * logs is asked no more.
 */
export async function sendLog(
  client: Pick<ServerClient, 'sendLog'>,
  lines: LogLines,
  ended: AbortSignal,
  everyMs = sendEveryMs,
): Promise<void> {
  for (let isLast = false, isKnown = true; isKnown && !isLast;) {
    isLast = await sleep(everyMs, false, { signal: ended }).catch(() => true);
    isKnown = await sendAll(client, lines);
  }
}

/** Answers whether this server takes logs at all. */
async function sendAll(client: Pick<ServerClient, 'sendLog'>, lines: LogLines): Promise<boolean> {
  for (let batch = lines.take(agentLogBatch); batch.length > 0; batch = lines.take(agentLogBatch)) {
    try {
      await client.sendLog(batch);
    } catch (error) {
      lines.putBack(batch);
      return !(error instanceof ApiError && error.status === 404);
    }
  }
  return true;
}
