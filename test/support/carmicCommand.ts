import { runCommand } from '../../server/src/operate/runCommand.ts';
import type { TestInstance } from './instance.ts';

/** What one call of the operator's command answered. */
export interface CommandResult {
  code: number;
  out: string;
  err: string;
  /** Standard output as JSON; null when it is none. */
  data: unknown;
}

/** Runs `carmic ...` in this process. */
export async function carmic(environment: Record<string, string | undefined>, ...argv: string[]): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(argv, environment, { out: (line) => out.push(line), err: (line) => err.push(line) });
  const text = out.join('\n');
  return { code, out: text, err: err.join('\n'), data: argv.includes('--json') ? JSON.parse(text) : null };
}

/** The environment of an instance, as its operator has it. */
export function environmentOf(instance: Pick<TestInstance, 'database' | 'directory'>): Record<string, string> {
  return {
    CARMIC_MODE: 'test',
    CARMIC_DATABASE_URL: instance.database.appUrl,
    CARMIC_MIGRATION_DATABASE_URL: instance.database.ownerUrl,
    CARMIC_DATA_DIR: instance.directory,
    CARMIC_ROOT_KEY_FILE: `${instance.directory}/root.key`,
    CARMIC_MIN_FREE_BYTES: '0',
    CARMIC_BASE_URL: 'http://carmic.test',
  };
}
