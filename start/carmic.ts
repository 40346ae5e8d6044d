/** `npm run carmic -- COMMAND`: the operator's commands on a checkout, also beside a running `npm start`. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { appRole, databaseName, ownerRole } from '../server/src/db/roles.ts';
import { runCommand } from '../server/src/operate/runCommand.ts';
import { readSecrets } from './secrets.ts';
import { StartFailure } from './startFailure.ts';

/** The server's environment: the one of this process, or that of a running `npm start` in its data folder. */
function environmentFor(dataDirectory: string): Record<string, string | undefined> {
  if (process.env['CARMIC_DATABASE_URL'] !== undefined || process.env['CARMIC_DATABASE_URL_FILE'] !== undefined) {
    return process.env;
  }
  const data = resolve(dataDirectory);
  const secrets = readSecrets(join(data, 'secrets.json'));
  if (secrets === null) {
    throw new StartFailure('config', `There is no installation in ${data}: name its folder with --data, or set CARMIC_DATABASE_URL.`);
  }
  const lockFile = join(resolve(data, secrets.clusterDirectory), 'postmaster.pid');
  const port = existsSync(lockFile) ? readFileSync(lockFile, 'utf8').split('\n')[3] : undefined;
  if (port === undefined) {
    throw new StartFailure('config', `The installation in ${data} does not run: start it, and run this beside it.`);
  }
  const urlOf = (role: string, password: string) => `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${databaseName}`;
  return {
    CARMIC_BASE_URL: 'http://localhost:7070',
    ...process.env,
    CARMIC_DATABASE_URL: urlOf(appRole, secrets.appPassword),
    CARMIC_MIGRATION_DATABASE_URL: urlOf(ownerRole, secrets.ownerPassword),
    CARMIC_DATA_DIR: data,
    CARMIC_ROOT_KEY_FILE: join(data, 'root.key'),
  };
}

/** Takes `--data DIR` out of the arguments: it is about this machine, not about the command. */
function splitData(argv: readonly string[]): { data: string; rest: string[] } {
  const at = argv.findIndex((argument) => argument === '--data' || argument.startsWith('--data='));
  if (at === -1) {
    return { data: 'data', rest: [...argv] };
  }
  const isJoined = argv[at] !== '--data';
  const data = isJoined ? (argv[at] ?? '').slice('--data='.length) : (argv[at + 1] ?? '');
  return { data, rest: [...argv.slice(0, at), ...argv.slice(at + (isJoined ? 1 : 2))] };
}

async function run(): Promise<number> {
  const { data, rest } = splitData(process.argv.slice(2));
  const output = { out: (line: string) => process.stdout.write(`${line}\n`), err: (line: string) => process.stderr.write(`${line}\n`) };
  const isHelp = rest.length === 0 || ['help', '--help', '-h'].includes(rest[0] ?? '') || rest.includes('--help');
  return runCommand(rest, isHelp ? process.env : environmentFor(data), output);
}

run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof StartFailure ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(error instanceof StartFailure ? 78 : 1);
  },
);
