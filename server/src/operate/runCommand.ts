import { parseArgs } from 'node:util';
import { AppError, StartError } from '../core/errors.ts';
import { explainDatabaseAway, isDatabaseAway } from '../db/databaseAway.ts';
import { KeyError } from '../keyring/keyProvider.ts';
import { StorageError } from '../storage/storageError.ts';
import {
  administratorLink,
  clearAddresses,
  createAdmin,
  endSessionsCommand,
  enrolmentCode,
  firstLink,
  resetSecondFactor,
} from './accountCommands.ts';
import { exportAudit, verifyAudit } from './auditCommands.ts';
import { checkLedger, syncPrices } from './billingCommands.ts';
import { backup, restore, verify } from './backupCommands.ts';
import { importArchiveCommand } from './archiveCommands.ts';
import type { OperatorCommand } from './command.ts';
import { doctor } from './doctor.ts';
import { messageOf } from './failures.ts';
import { reconcile, rotateKeys, waitForSchema } from './keepingCommands.ts';
import { status } from './status.ts';
import { supportBundle } from './supportBundle.ts';

/** Every command, in the order in which help lists them. */
const commands: Readonly<Record<string, OperatorCommand>> = {
  status,
  doctor,
  backup,
  verify,
  restore,
  reconcile,
  'rotate-keys': rotateKeys,
  'create-admin': createAdmin,
  'reset-second-factor': resetSecondFactor,
  'end-sessions': endSessionsCommand,
  'administrator-link': administratorLink,
  'first-link': firstLink,
  'enrolment-code': enrolmentCode,
  'await-schema': waitForSchema,
  'clear-address-lists': clearAddresses,
  'verify-audit': verifyAudit,
  'export-audit': exportAudit,
  'sync-prices': syncPrices,
  'check-ledger': checkLedger,
  'import-archive': importArchiveCommand,
  'support-bundle': supportBundle,
};

const usageCode = 64;
const unforeseenCode = 70;
const refusalCode = 78;

/** Where a command's lines go. */
export interface CommandOutput {
  out: (line: string) => void;
  err: (line: string) => void;
}

/**
 * Runs one command and answers its exit code: 0 all is well, 1 what was looked at is not as it should be, 64 a mistake in the call, 70 something
 * unforeseen, 78 a refusal that says what to mend. With `--json` standard output is one JSON value and everything else goes to standard error.
 */
export async function runCommand(
  argv: readonly string[],
  environment: Record<string, string | undefined>,
  { err, out }: CommandOutput,
): Promise<number> {
  const [name = 'help', ...rest] = argv;
  if (['help', '--help', '-h'].includes(name)) {
    listCommands().forEach(out);
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    err(`There is no command "${name}".`);
    listCommands().forEach(err);
    return usageCode;
  }
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    values = parseArgs({ args: rest, options, allowPositionals: false }).values as typeof values;
  } catch (error) {
    err(messageOf(error));
    describe(name, command).forEach(err);
    return usageCode;
  }
  if (values['help'] === true) {
    describe(name, command).forEach(out);
    return 0;
  }
  const isJson = values['json'] === true;
  try {
    const outcome = await command.run({ environment, values, say: isJson ? err : out, write: out });
    if (isJson) {
      out(JSON.stringify(outcome.data, null, 1));
    } else {
      outcome.lines.forEach(out);
    }
    return outcome.exitCode ?? 0;
  } catch (error) {
    const { code, message } = explainFailure(error, environment);
    if (isJson) {
      out(JSON.stringify({ error: message }));
    }
    err(message);
    return code;
  }
}

function listCommands(): string[] {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  return [
    'Usage: carmic COMMAND [--json] [--help], or carmic [migrate] [web] [worker] for the server itself',
    '',
    ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
  ];
}

function describe(name: string, { help, summary }: OperatorCommand): string[] {
  return [`carmic ${name}: ${summary}`, ...help.map((line) => `  ${line}`), '  --json         answers one JSON value'];
}

/** The sentence and the exit code of whatever ended a command; a stack only where somebody looks for it. */
export function explainFailure(error: unknown, environment: Record<string, string | undefined>): { code: number; message: string } {
  if (isDatabaseAway(error)) {
    return { code: refusalCode, message: explainDatabaseAway(error) };
  }
  const isRefusal = [StartError, AppError, KeyError, StorageError].some((kind) => error instanceof kind);
  if (isRefusal) {
    return { code: refusalCode, message: messageOf(error) };
  }
  const isCurious = ['debug', 'trace'].includes(environment['CARMIC_LOG_LEVEL'] ?? '');
  const stack = isCurious && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  return {
    code: unforeseenCode,
    message: `Something unforeseen happened: ${messageOf(error)} (CARMIC_LOG_LEVEL=debug shows where)${stack}`,
  };
}
