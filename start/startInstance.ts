import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningServer } from '../server/src/main.ts';
import { startAgent } from './agentProcess.ts';
import type { StartArguments } from './arguments.ts';
import { buildConsole } from './buildConsole.ts';
import { type DataDirectory, prepareDataDirectory } from './dataDirectory.ts';
import { type Database, hasDatabase, startDatabase } from './database.ts';
import { type Ffmpeg, findFfmpeg } from './ffmpeg.ts';
import { takeLock } from './lock.ts';
import { checkPort } from './port.ts';
import type { Progress } from './progress.ts';
import { ensureRootKey } from './rootKey.ts';
import { StartFailure } from './startFailure.ts';
import type { Stopping } from './stopping.ts';

export interface StartInstanceOptions {
  root: string;
  env: Readonly<Record<string, string | undefined>>;
  args: StartArguments;
  dataPath: string;
  parentPid: number | null;
  progress: Progress;
  stopping: Stopping;
}

/** Everything that one installation on one machine consists of, running. */
export interface Instance {
  readonly baseUrl: string;
  readonly data: DataDirectory;
  readonly ffmpeg: Ffmpeg;
  readonly isFirstStart: boolean;
  readonly signInLink: string | null;
  /** A session for this machine's own calls of the API. */
  readonly sessionToken: () => Promise<string>;
  /** Rejects when the server cannot go on. */
  readonly failed: Promise<never>;
}

const defaultHost = '127.0.0.1';
const defaultPort = 7070;

/** Brings everything up; what was started is registered with `stopping`, also when a later step fails. Throws StartFailure. */
export async function startInstance(options: StartInstanceOptions): Promise<Instance> {
  const { root, env, args, dataPath, parentPid, progress, stopping } = options;
  const host = args.host ?? env['CARMIC_HOST'] ?? defaultHost;
  const port = args.port ?? readPort(env['CARMIC_PORT']);
  const consoleDirectory = env['CARMIC_CONSOLE_DIR'] ?? join(root, 'console', 'dist');
  const data = prepareDataDirectory(dataPath);
  const lock = await takeLock(data.path, parentPid);
  stopping.onStop('The lock', () => Promise.resolve(lock.release()), lock.release);
  await checkPort(host, port);
  const isFirstStart = !hasDatabase(data);
  ensureRootKey(data.rootKeyFile, !isFirstStart);

  const [database, ffmpeg, startServer] = await allOrFirstFailure([
    openDatabase(data, options),
    lookForFfmpeg(data, options),
    import('../server/src/main.ts').then((module) => module.startServer),
    // A console that was built elsewhere is used as it is.
    env['CARMIC_CONSOLE_DIR'] === undefined ? bringConsole(options) : Promise.resolve(),
  ]);
  stopping.signal.throwIfAborted();

  const step = progress.step('Server', isFirstStart ? 'making tables and starting' : 'starting');
  const server: RunningServer = await startServer({
    env: buildServerEnv(env, { data, database, host, port, consoleDirectory }),
    processes: ['migrate', 'web', 'worker'],
  }).catch((error: unknown) => {
    step.fail('not started');
    throw error;
  });
  stopping.onStop('The server', () => server.close());
  lock.announce(server.baseUrl);
  step.done('web and worker running');
  stopping.signal.throwIfAborted();

  const agent = startAgent({
    root,
    logFile: join(data.logs, 'agent.log'),
    env: buildAgentEnv(env, data, ffmpeg, server.baseUrl, await server.enrolmentCode()),
  });
  stopping.onStop(
    'The agent',
    () => agent.stop(),
    () => agent.kill(),
  );
  return {
    baseUrl: server.baseUrl,
    data,
    ffmpeg,
    isFirstStart,
    signInLink: await server.signInLink(),
    sessionToken: () => server.localSessionToken(),
    failed: server.failed,
  };
}

/** Like Promise.all, but waits for the others before it throws, so that nothing is still starting when the clean-up begins. */
async function allOrFirstFailure<T extends readonly unknown[]>(work: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(work);
  const reasons = results.filter((result) => result.status === 'rejected').map((result): unknown => result.reason);
  if (reasons.length > 0) {
    // What the person can mend comes first: the rest may only follow from it.
    throw reasons.find((reason) => reason instanceof StartFailure) ?? reasons[0];
  }
  return Promise.all(work) as unknown as Promise<T>;
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') {
    return defaultPort;
  }
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new StartFailure('config', `CARMIC_PORT is "${text}", and a port is a number from 0 to 65535.`);
  }
  return port;
}

async function openDatabase(data: DataDirectory, { progress, stopping }: StartInstanceOptions): Promise<Database> {
  const isNew = !existsSync(data.secretsFile);
  const step = progress.step('Database', isNew ? 'making it' : 'starting');
  try {
    const database = await startDatabase(data, (text) => progress.say(`  ${text}`), stopping.signal);
    stopping.onStop(
      'The database',
      () => database.postgres.stop(),
      () => database.postgres.kill(),
    );
    step.done(isNew ? 'made and started' : 'started');
    return database;
  } catch (error) {
    step.fail('not started');
    throw error;
  }
}

async function lookForFfmpeg(data: DataDirectory, { env, progress }: StartInstanceOptions): Promise<Ffmpeg> {
  const step = progress.step('ffmpeg', 'looking for it');
  try {
    const found = await findFfmpeg({
      env,
      cacheFile: join(data.path, 'ffmpeg.json'),
      isRoot: process.getuid?.() === 0,
      say: (text) => step.update(text),
    });
    step.done(`${found.version} at ${found.ffmpeg}`);
    return found;
  } catch (error) {
    step.fail('not usable');
    throw error;
  }
}

async function bringConsole({ root, progress, stopping }: StartInstanceOptions): Promise<void> {
  const step = progress.step('Console', 'comparing with its sources');
  try {
    const wasBuilt = await buildConsole(root, stopping.signal, () => step.update('building (the first time, or its sources changed)'));
    step.done(wasBuilt ? 'built' : 'up to date');
  } catch (error) {
    step.fail('not built');
    throw error;
  }
}

interface ServerPlace {
  data: DataDirectory;
  database: Database;
  host: string;
  port: number;
  consoleDirectory: string;
}

/** What the server reads: the person's own CARMIC_ variables, and over them what this start has decided. */
function buildServerEnv(
  env: StartInstanceOptions['env'],
  { data, database, host, port, consoleDirectory }: ServerPlace,
): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('CARMIC_'))),
    CARMIC_DATABASE_URL: database.appUrl,
    CARMIC_MIGRATION_DATABASE_URL: database.ownerUrl,
    CARMIC_DATA_DIR: data.path,
    CARMIC_ROOT_KEY_FILE: data.rootKeyFile,
    CARMIC_HOST: host,
    CARMIC_PORT: String(port),
    CARMIC_CONSOLE_DIR: consoleDirectory,
    CARMIC_LOG_FILE: env['CARMIC_LOG_FILE'] ?? join(data.logs, 'server.log'),
  };
}

/** What the agent reads. It gets no database URL and no root key: it works through the API alone. */
function buildAgentEnv(
  env: StartInstanceOptions['env'],
  data: DataDirectory,
  ffmpeg: Ffmpeg,
  serverUrl: string,
  enrolmentCode: string,
): Record<string, string | undefined> {
  const secret = /^CARMIC_(DATABASE|MIGRATION|ROOT_KEY|KEY_PROVIDER|VAULT|S3|CDN|SMTP|LLM|LIBRETRANSLATE|DEEPGRAM)|^npm_/;
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => !secret.test(name))),
    CARMIC_SERVER_URL: serverUrl,
    CARMIC_AGENT_DIR: data.agent,
    CARMIC_ENROLMENT_CODE: enrolmentCode,
    CARMIC_MODELS_DIR: env['CARMIC_MODELS_DIR'] ?? data.models,
    CARMIC_AGENT_PARENT_PIPE: '1',
    FFMPEG_PATH: ffmpeg.ffmpeg,
    FFPROBE_PATH: ffmpeg.ffprobe,
  };
}
