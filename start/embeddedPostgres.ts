/**
 * One PostgreSQL cluster, run by this process: made when missing, started, watched, started again when it dies, and stopped.
 *
 * It listens on loopback only, on a port that was free, and asks for a password (SCRAM) of everybody. It runs in a process group of
 * its own, so that Ctrl-C in a terminal reaches us first and the order of the shutdown is ours. A postmaster that a killed run left
 * behind is stopped before the next one starts. The tests run theirs through the same code.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from './folders.ts';
import { findFreePort } from './port.ts';
import type { Account } from './postgresAccount.ts';
import type { Engine } from './postgresEngine.ts';
import { commandOf, isAlive, sendSignal, waitForExit } from './processes.ts';
import { describeSystemError, StartFailure, systemCode } from './startFailure.ts';

export interface EmbeddedPostgresOptions {
  /** Where the cluster is or will be. */
  directory: string;
  engine: Engine;
  account: Account;
  superuserPassword: string;
  /** PostgreSQL's own log; it holds no statements and no row contents. */
  logFile: string;
  /** False for tests: nothing is flushed to disk, and a power cut loses all. */
  isDurable: boolean;
  maxConnections: number;
  signal?: AbortSignal;
}

export interface EmbeddedPostgres {
  readonly port: number;
  /** The process that owns the cluster now, for reports; undefined between a crash and the restart. */
  pid(): number | undefined;
  /** The URL of a role on a database of this cluster. */
  urlFor(role: string, password: string, database: string): string;
  /** Ends sessions, writes everything out, and stops. */
  stop(): Promise<void>;
  /** Stops at once, for a forced exit; the next start recovers. */
  kill(): void;
}

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const startAttempts = 5;
const logLimitBytes = 10_000_000;
const failedInitdb = 'The database could not be made';

/** Starts the cluster, and makes it first where there is none. Throws StartFailure with the end of PostgreSQL's log. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await stopOrphan(options.directory);
  if (!existsSync(join(options.directory, 'PG_VERSION'))) {
    await createCluster(options);
  }
  return supervise(options, await launchOnFreePort(options));
}

interface Running {
  child: ChildProcess;
  port: number;
}

/** Keeps the postmaster alive on its port: a crash (or somebody's kill) is answered by a new one with the same data. */
function supervise(options: EmbeddedPostgresOptions, first: Running): EmbeddedPostgres {
  const { port } = first;
  let child: ChildProcess | undefined = first.child;
  let isStopping = false;
  let restarting: Promise<void> = Promise.resolve();

  const watch = (running: ChildProcess) => {
    running.once('exit', () => {
      child = undefined;
      if (!isStopping) {
        restarting = restart();
      }
    });
  };
  const restart = async () => {
    for (let waitMs = 50; !isStopping; waitMs = Math.min(waitMs * 2, 5000)) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const next = await launch(options, port).catch((error: unknown) => {
        // The old backends may still hold the shared memory, or the disk may be full: said in the log, and tried again.
        note(options.logFile, `carmic: PostgreSQL did not come back yet: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      });
      if (next !== undefined) {
        child = next;
        watch(next);
        return;
      }
    }
  };
  watch(first.child);

  return {
    port,
    pid: () => child?.pid,
    urlFor: (role, password, database) => `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    async stop() {
      isStopping = true;
      await restarting;
      const pid = child?.pid;
      if (pid === undefined) {
        return;
      }
      await stopPostmaster(pid);
    },
    kill() {
      isStopping = true;
      if (child?.pid !== undefined) {
        sendSignal(child.pid, 'SIGQUIT');
      }
    },
  };
}

async function stopPostmaster(pid: number): Promise<void> {
  // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one (recovery at the next start).
  sendSignal(pid, 'SIGINT');
  if (!(await waitForExit(pid, stopTimeoutMs))) {
    sendSignal(pid, 'SIGQUIT');
    if (!(await waitForExit(pid, stopTimeoutMs / 4))) {
      sendSignal(pid, 'SIGKILL');
      await waitForExit(pid, stopTimeoutMs / 4);
    }
  }
}

/** Stops what a killed run left behind on this cluster, and removes a lock file that names somebody else. */
export async function stopOrphan(directory: string): Promise<void> {
  const lockFile = join(directory, 'postmaster.pid');
  const pid = readPostmaster(lockFile)?.pid;
  if (pid === undefined) {
    return;
  }
  if (isAlive(pid) && isPostmasterOf(pid, directory)) {
    await stopPostmaster(pid);
  }
  rmSync(lockFile, { force: true });
}

/** After a reboot the number in a stale lock file may belong to any process: only a postmaster on this very folder counts. */
function isPostmasterOf(pid: number, directory: string): boolean {
  const command = commandOf(pid);
  return command.includes('postgres') && command.includes(directory);
}

/** Lines of postmaster.pid: process, data folder, start time, port, socket folder, address, shared memory, status. */
function readPostmaster(path: string): { pid: number; status: string } | undefined {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    const pid = Number(lines[0]);
    return Number.isInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? '').trim() } : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** Runs initdb into a folder beside, and moves it in place when it is whole: a start killed in between leaves no half cluster. */
async function createCluster({ directory, engine, account, superuserPassword, isDurable, signal }: EmbeddedPostgresOptions): Promise<void> {
  const draft = `${directory}.new`;
  const passwordFile = `${directory}.password`;
  try {
    makeFolder(dirname(directory), 0o755);
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, `${superuserPassword}\n`, { mode: 0o600 });
    if (account !== null) {
      chownSync(draft, account.uid, account.gid);
      chownSync(passwordFile, account.uid, account.gid);
    }
    // PostgreSQL's own locale: text sorts the same on every machine, whatever its C library is.
    const args = ['--pgdata', draft, '--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8'];
    const locale = ['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-instructions'];
    const child = spawn(engine.initdb, [...args, ...locale, ...(isDurable ? [] : ['--no-sync'])], {
      ...account,
      cwd: '/',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }),
    });
    const output: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => output.push(text));
    const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0) {
      throw failure(failedInitdb, directory, output.join(''));
    }
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw describeSystemError(error, directory, 'The database folder');
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function launchOnFreePort(options: EmbeddedPostgresOptions): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    try {
      return { child: await launch(options, port), port };
    } catch (error) {
      // Between finding the port and PostgreSQL's use of it, somebody else may take it.
      const isTaken = error instanceof Error && /could not bind|Address already in use/.test(error.message);
      if (!isTaken || attempt === startAttempts) {
        throw error;
      }
    }
  }
}

/** Starts the postmaster and waits until it says in its lock file that it takes connections. */
async function launch(
  { directory, engine, account, logFile, isDurable, maxConnections, signal }: EmbeddedPostgresOptions,
  port: number,
): Promise<ChildProcess> {
  if (existsSync(logFile) && statSync(logFile).size > logLimitBytes) {
    renameSync(logFile, `${logFile}.1`);
  }
  const log = openSync(logFile, 'a', 0o600);
  const logStart = statSync(logFile).size;
  const settings = Object.entries(buildSettings(port, isDurable, maxConnections)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let child: ChildProcess;
  try {
    child = spawn(engine.postgres, ['-D', directory, ...settings], {
      ...account,
      cwd: '/',
      env: cleanEnvironment(),
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, by) => (ended = `it ended with ${code ?? by}`));

  const deadline = Date.now() + readyTimeoutMs;
  while (readPostmaster(join(directory, 'postmaster.pid'))?.status !== 'ready' || ended !== undefined) {
    if (ended !== undefined || Date.now() > deadline || signal?.aborted === true) {
      if (child.pid !== undefined && ended === undefined) {
        await stopPostmaster(child.pid);
      }
      signal?.throwIfAborted();
      const said = readFileSync(logFile).subarray(logStart).toString('utf8');
      throw failure(`The database did not start (${ended ?? 'it took too long'})`, directory, said);
    }
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
  return child;
}

function buildSettings(port: number, isDurable: boolean, maxConnections: number): Record<string, string | number> {
  return {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    shared_buffers: '64MB',
    min_wal_size: '32MB',
    max_wal_size: '256MB',
    wal_level: 'minimal',
    max_wal_senders: 0,
    io_method: 'sync',
    jit: 'off',
    log_checkpoints: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    // The log must not repeat what people wrote: no statements, no parameters, no "Key (email)=(...)" details.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  };
}

/** PostgreSQL reads PG* variables and the locale; a person's own settings must not change our cluster. */
function cleanEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function note(logFile: string, line: string): void {
  writeFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { flag: 'a', mode: 0o600 });
}

function failure(what: string, directory: string, output: string): StartFailure {
  const tail = output.trim().split('\n').slice(-8);
  if (/No space left on device/i.test(output)) {
    return new StartFailure('ioError', `${what}: the disk of ${directory} is full. Free some space, or choose another disk with --data.`);
  }
  if (/Read-only file system/i.test(output)) {
    return new StartFailure('cantCreate', `${what}: ${directory} is on a read-only file system. Choose another folder with --data.`);
  }
  if (/Permission denied/i.test(output)) {
    return new StartFailure('noPermission', `${what}: permission denied below ${directory}.\n  ${tail.join('\n  ')}`);
  }
  return new StartFailure('unavailable', `${what}. The end of its log:\n  ${tail.join('\n  ')}`);
}
