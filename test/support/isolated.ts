/** Programs in a network namespace of their own, in which every attempt to reach the outside is seen: IPv4, IPv6, and questions for names. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const watcher = fileURLToPath(new URL('outsideWatch.py', import.meta.url));

/** A way out that leads nowhere: whatever is sent there is seen and lost. Neighbours are set by hand, so that the first packet goes at once. */
const prepare = `
  ip link set lo up
  ip link add outside type veth peer name nowhere
  for link in outside nowhere; do
    echo 0 > /proc/sys/net/ipv6/conf/$link/accept_ra
    ip link set $link up
  done
  ip addr add 192.0.2.2/24 dev outside
  ip -6 addr add 2001:db8::2/64 dev outside nodad
  ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev outside
  ip -6 neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev outside
  ip route add default via 192.0.2.1
  ip -6 route add default via 2001:db8::1
  python3 "$CARMIC_WATCHER" > "$CARMIC_WATCHER_LOG" &
  watcher=$!
  while ! grep -q ready "$CARMIC_WATCHER_LOG" 2>/dev/null; do sleep 0.05; done
  "$@"
  code=$?
  sleep 0.2
  kill $watcher
  exit $code
`;

/** Why no namespace can be made here, or null. */
export async function whyNotIsolated(): Promise<string | null> {
  try {
    await run('unshare', [
      '-n',
      'sh',
      '-c',
      'ip link add outside type veth peer name nowhere && python3 -c "import socket; socket.AF_PACKET"',
    ]);
    return null;
  } catch (error) {
    return `a network namespace needs root, iproute2 and python3 (${error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : String(error)})`;
  }
}

/** What a program did that ran alone. */
export interface IsolatedRun {
  code: number | string;
  output: string;
  /** Attempts to reach the outside, one line each. */
  attempts: string[];
}

/** Runs a program to its end in a namespace of its own. */
export async function runIsolated(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Promise<IsolatedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'carmic-isolated-'));
  const log = join(folder, 'attempts');
  try {
    const child = spawn('unshare', ['-n', 'sh', '-c', prepare, 'sh', file, ...args], {
      cwd: options.cwd,
      env: { ...options.env, CARMIC_WATCHER: watcher, CARMIC_WATCHER_LOG: log },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number | string>((resolve) => child.once('close', (ended, signal) => resolve(ended ?? signal ?? -1)));
    const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    return { code, output, attempts: lines.filter((line) => line !== 'ready') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
