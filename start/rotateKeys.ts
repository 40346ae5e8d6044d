/** `npm run rotate-keys`: replaces the root key, or a workspace's key, while Carmic runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from '../server/src/core/errors.ts';
import { rotateKeys } from '../server/src/rotateKeys.ts';
import { appRole, databaseName } from '../server/src/db/roles.ts';
import { readSecrets } from './secrets.ts';
import { StartFailure } from './startFailure.ts';

const usage = `Usage: npm run rotate-keys -- [--workspace ID] [--finish] [--data DIR]

Without --workspace the root key is replaced: a new one is put into its file, or made in Vault, and every key put under it.
  --workspace ID  replaces the key of one workspace instead
  --finish        goes on with what was begun, and begins nothing
  --data DIR      the folder of an installation that npm start runs (./data), when CARMIC_DATABASE_URL is not set
`;

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
  return {
    ...process.env,
    CARMIC_DATABASE_URL: `postgres://${appRole}:${encodeURIComponent(secrets.appPassword)}@127.0.0.1:${port}/${databaseName}`,
    CARMIC_DATA_DIR: data,
    CARMIC_ROOT_KEY_FILE: join(data, 'root.key'),
  };
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      workspace: { type: 'string' },
      finish: { type: 'boolean', default: false },
      data: { type: 'string', default: 'data' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  await rotateKeys(environmentFor(values.data), { workspaceId: values.workspace, isFinishing: values.finish }, (line) => {
    process.stdout.write(`${line}\n`);
  });
}

run().then(
  () => process.exit(0),
  (error: unknown) => {
    const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    const isKnown = error instanceof StartError || error instanceof StartFailure || isUsage;
    process.stderr.write(
      `${isKnown ? error.message : String(error instanceof Error ? error.stack : error)}\n${isUsage ? `\n${usage}` : ''}`,
    );
    process.exit(isUsage ? 64 : isKnown ? 78 : 1);
  },
);
