/**
 * How ffmpeg is confined on this host, found out by trying.
 *
 * Bubblewrap where it works: own process, user, IPC and network name spaces, a read-only system, and one writable folder. Its only
 * way out is a relay to the source server's socket. Where it does not work: limits by the shell, death with the agent by setpriv.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Confinement {
  directory: string;
  readsSource: boolean;
  fileBytes: number;
}

export interface Sandbox {
  /** One sentence for the administrator. */
  readonly description: string;
  /** Turns a command line into the one that runs it confined. */
  wrap(command: readonly [string, ...string[]], confinement: Confinement): [string, ...string[]];
}

export interface SandboxOptions {
  /** Memory that one process may allocate. */
  memoryBytes: number;
  /** Where the source server listens: on loopback, and for the relay on a socket file. */
  source: { port: number; socketPath: string } | null;
}

const run = promisify(execFile);

/** Tries what this host allows, best first, and answers the sandbox that works. */
export async function findSandbox(options: SandboxOptions, ffmpegPath: string, scratch: string): Promise<Sandbox> {
  const confinement = { directory: scratch, readsSource: false, fileBytes: 1_000_000 };
  const bubblewrap = buildBubblewrap(options);
  if (process.platform === 'linux' && (await works(bubblewrap, ffmpegPath, confinement))) {
    return bubblewrap;
  }
  const setpriv = buildPlain(options, ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--']);
  if (process.platform === 'linux' && (await works(setpriv, ffmpegPath, confinement))) {
    return setpriv;
  }
  return buildPlain(options, []);
}

async function works(sandbox: Sandbox, ffmpegPath: string, confinement: Confinement): Promise<boolean> {
  const [command, ...args] = sandbox.wrap([ffmpegPath, '-hide_banner', '-version'], confinement);
  try {
    await run(command, args, { timeout: 15_000, killSignal: 'SIGKILL' });
    return true;
  } catch {
    // Not installed, or name spaces are forbidden here: the next best is tried, and the description says which it became.
    return false;
  }
}

/** Limits that the shell sets before it becomes the program: no core file, file size in 512-byte blocks, data in KiB. */
function limited(command: readonly string[], memoryBytes: number, fileBytes: number): string[] {
  // macOS has no limit on data; the others hold there.
  const script = 'ulimit -c 0; ulimit -f "$1"; ulimit -d "$2" 2>/dev/null; shift 2; exec "$@"';
  return ['/bin/sh', '-c', script, 'sh', String(Math.ceil(fileBytes / 512)), String(Math.floor(memoryBytes / 1024)), ...command];
}

function buildPlain({ memoryBytes }: SandboxOptions, prefix: readonly string[]): Sandbox {
  const death = prefix.length > 0 ? 'it dies with the agent' : 'what a killed agent leaves is ended at its next start';
  return {
    description: `No sandbox works on this host: ffmpeg runs as the agent's user with limits on memory, file size, time and protocols; ${death}.`,
    wrap: (command, { fileBytes }) => [...prefix, ...limited(command, memoryBytes, fileBytes)] as [string, ...string[]],
  };
}

const systemDirectories = ['/usr', '/lib', '/lib64', '/lib32', '/bin', '/sbin', '/opt', '/nix/store'];
const systemFiles = ['/etc/ld.so.cache', '/etc/fonts', '/etc/alternatives', '/var/cache/fontconfig'];
const relayPath = fileURLToPath(new URL('./relay.mjs', import.meta.url));

function buildBubblewrap({ memoryBytes, source }: SandboxOptions): Sandbox {
  const system = [...systemDirectories, ...systemFiles].filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]);
  const base = [
    '--unshare-all',
    '--die-with-parent',
    '--cap-drop',
    'ALL',
    ...system,
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
  ];
  return {
    description:
      'Bubblewrap: ffmpeg sees the system read-only and one scratch folder, has no network but the source it was given, and dies with the agent.',
    wrap(command, { directory, readsSource, fileBytes }) {
      const program = command[0].startsWith('/') ? ['--ro-bind', command[0], command[0]] : [];
      const own = ['--bind', directory, directory, '--chdir', directory];
      const inner = limited(command, memoryBytes, fileBytes);
      if (!readsSource || source === null) {
        return ['bwrap', ...base, ...program, ...own, '--', ...inner];
      }
      const relay = [
        ...['--ro-bind', source.socketPath, source.socketPath, '--ro-bind', relayPath, relayPath],
        ...['--ro-bind', process.execPath, process.execPath],
      ];
      const through = [process.execPath, relayPath, String(source.port), source.socketPath];
      return ['bwrap', ...base, ...program, ...relay, ...own, '--', ...through, ...inner];
    },
  };
}
