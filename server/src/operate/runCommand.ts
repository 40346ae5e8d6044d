import { parseArgs } from 'node:util';
import { AppError, StartError } from '../core/errors.ts';
import { explainDatabaseAway, isDatabaseAway } from '../db/databaseAway.ts';
import { KeyError } from '../keyring/keyProvider.ts';
import { StorageError } from '../storage/storageError.ts';
import type { OperatorCommand } from './command.ts';
import { messageOf } from './failures.ts';

/** A command by its line in the list; what it runs on is loaded when it is called. */
interface ListedCommand {
  /** One line for the list. */
  summary: string;
  load: () => Promise<OperatorCommand>;
}

/** Every command, in the order in which help lists them. */
const commands: Readonly<Record<string, ListedCommand>> = {
  status: {
    summary: 'tells what the installation is doing: the figures of its metrics',
    load: async () => (await import('./status.ts')).status,
  },
  doctor: {
    summary: 'looks at everything the installation stands on and says what to mend',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  backup: {
    summary: 'makes a backup of database, objects and keys, encrypted; only what is new is copied',
    load: async () => (await import('./backupCommands.ts')).backup,
  },
  verify: {
    summary: 'reads every byte of a backup and compares it with its manifest',
    load: async () => (await import('./backupCommands.ts')).verify,
  },
  restore: {
    summary: 'puts a backup back into a fresh, empty installation',
    load: async () => (await import('./backupCommands.ts')).restore,
  },
  reconcile: {
    summary: 'compares the storage with the database, both ways',
    load: async () => (await import('./keepingCommands.ts')).reconcile,
  },
  'rotate-keys': {
    summary: 'replaces the root key, a workspace’s key or the key of columns, while Carmic runs',
    load: async () => (await import('./keyCommands.ts')).rotateKeys,
  },
  'create-admin': {
    summary: 'makes an administrator and prints the link that sets their password',
    load: async () => (await import('./accountCommands.ts')).createAdmin,
  },
  'reset-second-factor': {
    summary: 'removes the second factors of an account that lost them, and ends its sessions',
    load: async () => (await import('./accountCommands.ts')).resetSecondFactor,
  },
  'end-sessions': {
    summary: 'signs everybody out, or one account, at once',
    load: async () => (await import('./accountCommands.ts')).endSessionsCommand,
  },
  'administrator-link': {
    summary: 'prints a link with which the first administrator comes in again (15 minutes, once)',
    load: async () => (await import('./accountCommands.ts')).administratorLink,
  },
  'first-link': {
    summary: 'prints the first administrator’s link, as long as they have no password',
    load: async () => (await import('./accountCommands.ts')).firstLink,
  },
  'enrolment-code': {
    summary: 'prints a code with which agents can enrol',
    load: async () => (await import('./accountCommands.ts')).enrolmentCode,
  },
  'await-schema': {
    summary: 'waits until the database has every migration of this release (half an hour at most)',
    load: async () => (await import('./schemaCommands.ts')).waitForSchema,
  },
  'clear-address-lists': {
    summary: 'empties the lists of addresses that may sign in',
    load: async () => (await import('./accountCommands.ts')).clearAddresses,
  },
  'verify-audit': {
    summary: 'recomputes the audit log’s chain and holds it against the signed heads',
    load: async () => (await import('./auditCommands.ts')).verifyAudit,
  },
  'export-audit': {
    summary: 'writes the audit log to standard output',
    load: async () => (await import('./auditCommands.ts')).exportAudit,
  },
  'sync-prices': {
    summary: 'shows how plans and Stripe’s prices differ, and takes the prices over',
    load: async () => (await import('./billingCommands.ts')).syncPrices,
  },
  'check-ledger': {
    summary: 'proves that the ledger of minutes adds up, in itself and with the videos',
    load: async () => (await import('./ledgerCommands.ts')).checkLedger,
  },
  'import-archive': {
    summary: 'takes in the archive of a person’s data that another installation made',
    load: async () => (await import('./archiveCommands.ts')).importArchiveCommand,
  },
  'support-bundle': {
    summary: 'writes a file for whoever helps: figures, checks and settings, without personal data or secrets',
    load: async () => (await import('./supportBundle.ts')).supportBundle,
  },
};

/** Ends a call that nobody can make sense of. */
export const usageCode = 64;
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
  const listed = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (listed === undefined) {
    err(`There is no command "${name}".`);
    listCommands().forEach(err);
    return usageCode;
  }
  const command = await listed.load();
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    values = parseArgs({ args: rest, options, allowPositionals: false }).values as typeof values;
  } catch (error) {
    err(messageOf(error));
    describe(name, listed.summary, command).forEach(err);
    return usageCode;
  }
  if (values['help'] === true) {
    describe(name, listed.summary, command).forEach(out);
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

function describe(name: string, summary: string, { help }: OperatorCommand): string[] {
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
