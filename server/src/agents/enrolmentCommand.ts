import { parseArgs } from 'node:util';
import { StartError } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { createEnrolment } from './enrol.ts';

const limits = { agents: 10_000, days: 3650 } as const;

/**
 * `carmic enrolment-code [--agents N] [--days N]`: a code for a script that sets up a host, or for a pool of agents that grows by itself. One
 * agent and one day by default. Throws StartError for arguments that it does not know.
 */
export async function makeEnrolmentCode(deps: Deps, args: readonly string[]): Promise<string> {
  const { agents, days } = readOptions(args);
  const { code } = await createEnrolment(deps, null, { maxUses: agents, seconds: days * 24 * 3600 });
  return code;
}

function readOptions(args: readonly string[]): { agents: number; days: number } {
  try {
    const { values } = parseArgs({ args: [...args], options: { agents: { type: 'string' }, days: { type: 'string' } } });
    return { agents: readCount('agents', values.agents), days: readCount('days', values.days) };
  } catch (error) {
    throw error instanceof StartError ? error : new StartError(`enrolment-code: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readCount(name: keyof typeof limits, text = '1'): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > limits[name]) {
    throw new StartError(`enrolment-code: --${name} is a whole number from 1 to ${limits[name]}, not "${text}".`);
  }
  return count;
}
