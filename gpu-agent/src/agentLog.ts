import { logFault } from '@carmic/contract';
import pino, { type Logger } from 'pino';
import type { Env } from './env.ts';

/** Builds the agent's log: of a fault it has kind, code and places, since messages quote what people wrote. Keeps: C4. */
export function createAgentLog(env: Pick<Env, 'CARMIC_LOG_LEVEL' | 'CARMIC_AGENT_NAME'>): Logger {
  return pino({ level: env.CARMIC_LOG_LEVEL, base: { agent: env.CARMIC_AGENT_NAME }, serializers: { err: logFault } });
}
