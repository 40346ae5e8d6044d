/**
 * The folder of one agent: its token, its lock, and scratch space that never outlives a start.
 *
 * Scratch holds customers' media in the clear while a task runs; whatever a crash left is removed before anything else happens.
 */
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, renameSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { exitCodes, StartError } from '../env.ts';
import { killLeftovers } from '../ffmpeg/processRegister.ts';

export interface AgentDirectory {
  readonly scratch: string;
  readonly processes: string;
  readonly sourceSocket: string;
  readToken(): string | null;
  saveToken(token: string): void;
  forgetToken(): void;
  /** Marks that the server has just taken a call, for health checks from outside this process. */
  beat(): void;
  /** Removes scratch and gives the folder free for another agent. */
  close(): Promise<void>;
}

/** Opens (and makes) the folder, takes its lock, ends leftover processes and wipes scratch. Throws StartError when it is in use. */
export async function openAgentDirectory(path: string): Promise<AgentDirectory> {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = await takeLock(directory);
  const scratch = join(directory, 'scratch');
  const processes = join(directory, 'processes');
  await killLeftovers(processes);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { mode: 0o700 });
  // Socket paths may have 107 bytes (unix(7)), and a data folder may lie deep.
  const isDeep = Buffer.byteLength(scratch) > 90;
  const sockets = isDeep ? mkdtempSync(join(tmpdir(), 'carmic-')) : scratch;
  const tokenFile = join(directory, 'token');
  return {
    scratch,
    processes,
    sourceSocket: join(sockets, 'source.sock'),
    readToken() {
      if (statSync(tokenFile, { throwIfNoEntry: false }) === undefined) {
        return null;
      }
      const token = readFileSync(tokenFile, 'utf8').trim();
      return token === '' ? null : token;
    },
    saveToken(token) {
      writeFileSync(`${tokenFile}.new`, `${token}\n`, { mode: 0o600 });
      renameSync(`${tokenFile}.new`, tokenFile);
    },
    forgetToken: () => rmSync(tokenFile, { force: true }),
    beat: () => writeFileSync(join(directory, 'heartbeat'), `${new Date().toISOString()}\n`),
    async close() {
      rmSync(scratch, { recursive: true, force: true });
      rmSync(sockets, { recursive: true, force: true });
      lock.close();
      await once(lock, 'close');
    },
  };
}

function nameOf(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 16);
}

/**
 * The lock is a listening socket: the system lets go of it however the process ends, and no process number can be mistaken. On Linux
 * its name is abstract, so that no file is left; elsewhere a refused connection tells a dead file from a living agent.
 */
async function takeLock(directory: string): Promise<Server> {
  const name = `carmic-agent-lock-${nameOf(directory)}`;
  const address = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  const server = createServer((connection) => connection.end(String(process.pid)));
  server.unref();
  try {
    server.listen(address);
    await once(server, 'listening');
    return server;
  } catch (error) {
    throw new StartError(
      exitCodes.temporary,
      `Another agent works in ${directory} already. Stop it, or give this one a folder of its own with CARMIC_AGENT_DIR. (${(error as Error).message})`,
    );
  }
}
