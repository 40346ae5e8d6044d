/**
 * How ffmpeg is confined on this host, found out by trying.
 *
 * Bubblewrap where it works: own process, user, IPC and network name spaces, a read-only system, and one writable folder. Its only
 * way out is a relay to the source server's socket. Where it does not work: limits by the shell, death with the agent by setpriv.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Confinement as ConfinementState } from '@carmic/contract';

export interface Confinement {
  directory: string;
  readsSource: boolean;
  /** Whether it may open the graphics card. */
  usesGpu?: boolean;
  fileBytes: number;
}

export interface Sandbox {
  /** One sentence for the administrator. */
  readonly description: string;
  readonly state: ConfinementState;
  /** Turns a command line into the one that runs it confined. */
  wrap(command: readonly [string, ...string[]], confinement: Confinement): [string, ...string[]];
}

export interface SandboxOptions {
  /** Memory that one process may allocate. */
  memoryBytes: number;
  /** Where the source server listens: on loopback, and for the relay on a socket file. */
  source: { port: number; socketPath: string } | null;
  /** Processes and threads that may run at a time in a sandbox. */
  processes?: number;
}

const run = promisify(execFile);

/** Tries what this host allows, best first, and answers the sandbox that works. */
export async function findSandbox(options: SandboxOptions, ffmpegPath: string, scratch: string): Promise<Sandbox> {
  const confinement = { directory: scratch, readsSource: false, fileBytes: 1_000_000 };
  if (process.platform !== 'linux') {
    return buildPlain(options, [], 'This system has no name spaces.', 'Run the agent on Linux.');
  }
  const bubblewrap = buildBubblewrap(options, scratch);
  const problem = await tryRun(bubblewrap, ffmpegPath, confinement);
  if (problem === null) {
    return bubblewrap;
  }
  const why = explain(problem);
  const setpriv = buildPlain(options, ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--'], why.text, why.fix);
  return (await tryRun(setpriv, ffmpegPath, confinement)) === null ? setpriv : buildPlain(options, [], why.text, why.fix);
}

/** Why bubblewrap does not run here, and what helps. */
function explain(problem: string): { text: string; fix: string } {
  if (/ENOENT/.test(problem)) {
    return { text: 'Bubblewrap is not installed.', fix: 'Install the package bubblewrap and restart the agent.' };
  }
  if (/namespace|Operation not permitted|Permission denied|uid map|No permissions/i.test(problem)) {
    return {
      text: 'Bubblewrap may not make name spaces here.',
      fix: 'Allow unprivileged user name spaces on this host (sysctl kernel.unprivileged_userns_clone=1, or the AppArmor profile of bwrap), in a container also a seccomp profile that allows them, and restart the agent.',
    };
  }
  return {
    text: `Bubblewrap does not work here: ${problem.trim().split('\n').at(-1)?.slice(0, 200) ?? ''}.`,
    fix: 'Update bubblewrap and restart the agent.',
  };
}

/** Runs ffmpeg confined; answers what went wrong, or null. */
async function tryRun(sandbox: Sandbox, ffmpegPath: string, confinement: Confinement): Promise<string | null> {
  const [command, ...args] = sandbox.wrap([ffmpegPath, '-hide_banner', '-version'], confinement);
  try {
    await run(command, args, { timeout: 15_000, killSignal: 'SIGKILL' });
    return null;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return `${error instanceof Error ? error.message : String(error)}\n${said}`;
  }
}

/** Far more than ffmpeg starts as threads, and far less than a host has. The kernel does not count those of a host's root: what he starts is ended with the sandbox only. */
const mostProcesses = 4096;

/** Limits that the shell sets before it becomes the program: no core file, file size in 512-byte blocks, data in KiB, processes. */
function limited(command: readonly string[], memoryBytes: number, fileBytes: number, processes: number | null): string[] {
  // macOS has no limit on data, and POSIX shells name the one on processes -u or -p; the others hold everywhere.
  const script =
    'ulimit -c 0; ulimit -f "$1"; ulimit -d "$2" 2>/dev/null; [ "$3" = 0 ] || ulimit -u "$3" 2>/dev/null || ulimit -p "$3" 2>/dev/null; shift 3; exec "$@"';
  const limits = [Math.ceil(fileBytes / 512), Math.floor(memoryBytes / 1024), processes ?? 0];
  return ['/bin/sh', '-c', script, 'sh', ...limits.map(String), ...command];
}

function buildPlain({ memoryBytes }: SandboxOptions, prefix: readonly string[], why: string, fix: string): Sandbox {
  const death = prefix.length > 0 ? 'it dies with the agent' : 'what a killed agent leaves is ended at its next start';
  const detail = `${why} ffmpeg runs as the agent's user with limits on memory, file size, time, formats and protocols; ${death}.`;
  return {
    description: detail,
    state: { level: 'limits', detail, fix },
    // Processes are counted per user outside of a name space, so that a limit would count those of others.
    wrap: (command, { fileBytes }) => [...prefix, ...limited(command, memoryBytes, fileBytes, null)] as [string, ...string[]],
  };
}

const systemDirectories = ['/usr', '/lib', '/lib64', '/lib32', '/bin', '/sbin', '/nix/store'];
const systemFiles = ['/etc/ld.so.cache', '/etc/fonts', '/etc/alternatives', '/var/cache/fontconfig'];
const relayPath = fileURLToPath(new URL('./relay.mjs', import.meta.url));

function buildBubblewrap({ memoryBytes, source, processes = mostProcesses }: SandboxOptions, scratch: string): Sandbox {
  const present = [...systemDirectories, ...systemFiles].filter((path) => existsSync(path));
  const system = present.flatMap((path) => ['--ro-bind', path, path]);
  // The agent's folder holds its token and other tasks' scratch, the one above it often the server's data.
  const secret = dirname(dirname(resolve(scratch)));
  const base = [
    ...['--unshare-all', '--die-with-parent', '--cap-drop', 'ALL'],
    ...[...system, '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
  ];
  const detail =
    'Bubblewrap: ffmpeg sees the system read-only and one scratch folder, has no network but the source it was given, and dies with the agent.';
  return {
    description: detail,
    state: { level: 'sandbox', detail, fix: null },
    wrap(command, { directory, readsSource, usesGpu, fileBytes }) {
      const program = programBinds(command[0], secret);
      const bound = [...present, ...program.filter((word) => word !== '--ro-bind')];
      const mask = bound.some((path) => isInside(secret, path)) ? ['--tmpfs', secret] : [];
      const own = ['--bind', directory, directory, '--chdir', directory];
      const card = usesGpu === true ? gpuBinds() : [];
      const inner = limited(command, memoryBytes, fileBytes, processes);
      if (!readsSource || source === null) {
        return ['bwrap', ...base, ...program, ...mask, ...card, ...own, '--', ...inner];
      }
      const relay = [source.socketPath, relayPath, process.execPath].flatMap((path) => ['--ro-bind', path, path]);
      const through = [process.execPath, relayPath, String(source.port), source.socketPath];
      return ['bwrap', ...base, ...program, ...mask, ...relay, ...card, ...own, '--', ...through, ...inner];
    },
  };
}

/** The program itself, and the folder it is unpacked in when that is under /opt: builds bring their libraries along. */
function programBinds(program: string, secret: string): string[] {
  if (!program.startsWith('/')) {
    return [];
  }
  const [, top = '', name = ''] = program.split('/');
  const home = `/${top}/${name}`;
  const isPacked = top === 'opt' && home !== program && !isInside(secret, home);
  const path = isPacked ? home : program;
  return ['--ro-bind', path, path];
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The card's device files (NVIDIA, DRM, WSL), and what their drivers read in /sys. */
function gpuBinds(): string[] {
  const devices = existsSync('/dev') ? readdirSync('/dev').filter((name) => /^(nvidia|dri$|dxg$)/.test(name)) : [];
  return [
    ...devices.flatMap((name) => ['--dev-bind', `/dev/${name}`, `/dev/${name}`]),
    ...['/sys/dev/char', '/sys/devices', '/sys/bus/pci', '/sys/class/drm'].flatMap((path) => ['--ro-bind-try', path, path]),
  ];
}
