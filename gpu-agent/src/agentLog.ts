import { type AgentLogLine, agentLogLevelSchema, logFault } from '@carmic/contract';
import pino, { type Logger } from 'pino';
import type { Env } from './env.ts';

/** Lines that wait to be handed to the server. */
export interface LogLines {
  /** Takes the oldest lines, at most so many. */
  take(most: number): AgentLogLine[];
  /** Puts back what could not be handed over. */
  putBack(lines: readonly AgentLogLine[]): void;
}

/** A server that is away for long is not told everything that happened meanwhile, only the end of it. */
const keptLines = 500;
const longestText = 300;

/**
 * Builds the agent's log: of a fault it has kind, code and places, since messages quote what people wrote. Lines from `info` on are kept for the
 * server too, which shows them to administrators; never those of `debug`, which hold arguments with addresses. Keeps: C4.
 */
export function createAgentLog(env: Pick<Env, 'CARMIC_LOG_LEVEL' | 'CARMIC_AGENT_NAME'>): { log: Logger; lines: LogLines } {
  let kept: AgentLogLine[] = [];
  const keep = (text: string) => {
    kept = [...kept, readLine(text)].slice(-keptLines);
  };
  const streams = pino.multistream([
    { level: 'trace', stream: pino.destination(1) },
    { level: 'info', stream: { write: keep } },
  ]);
  const log = pino({ level: env.CARMIC_LOG_LEVEL, base: { agent: env.CARMIC_AGENT_NAME }, serializers: { err: logFault } }, streams);
  const lines: LogLines = {
    take(most) {
      const taken = kept.slice(0, most);
      kept = kept.slice(most);
      return taken;
    },
    putBack(taken) {
      kept = [...taken, ...kept].slice(-keptLines);
    },
  };
  return { log, lines };
}

/** Reads what pino wrote; its own fields have places of their own. */
function readLine(written: string): AgentLogLine {
  const { level, time, msg, agent: _, ...fields } = JSON.parse(written) as { level: number; time: number; msg?: string; agent: string };
  return {
    at: new Date(time).toISOString(),
    level: agentLogLevelSchema.parse(pino.levels.labels[level]),
    text: (msg ?? '').slice(0, longestText),
    fields: fields as AgentLogLine['fields'],
  };
}
