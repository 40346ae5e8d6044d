import type { ParseArgsConfig } from 'node:util';

/** What a command answers: lines for people, the same as data for programs, and the exit code. */
export interface CommandOutcome {
  lines: readonly string[];
  data: unknown;
  /** 0 by default; 1 when what was looked at is not as it should be. */
  exitCode?: 0 | 1;
}

/** One call of a command. */
export interface CommandCall {
  environment: Record<string, string | undefined>;
  values: Readonly<Record<string, string | boolean | undefined>>;
  /** Tells how far it has got. */
  say: (line: string) => void;
  /** Writes raw lines of an export to standard output. */
  write: (line: string) => void;
}

/** One command of operators, run on the machine itself with the server's environment. */
export interface OperatorCommand {
  /** The options, one a line; empty when there are none. */
  help: readonly string[];
  options: NonNullable<ParseArgsConfig['options']>;
  run: (call: CommandCall) => Promise<CommandOutcome>;
}

/** The text of an option, or undefined. */
export function textOption(call: CommandCall, name: string): string | undefined {
  const value = call.values[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
