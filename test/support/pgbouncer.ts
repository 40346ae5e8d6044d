/** A real PgBouncer in front of a test database: transaction mode, one server connection. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PgBouncer {
  /** `url` of a database, led through PgBouncer. */
  through(url: string): string;
  stop(): Promise<void>;
}

const nobody = 65534;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts PgBouncer for the database and role of `url`. */
export async function startPgBouncer(program: string, url: string): Promise<PgBouncer> {
  const target = new URL(url);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'carmic-pgbouncer-'));
  const users = join(folder, 'users.txt');
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(users, `"${decodeURIComponent(target.username)}" "${decodeURIComponent(target.password)}"\n`);
  writeFileSync(
    settings,
    `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 1
max_client_conn = 400
ignore_startup_parameters = extra_float_digits
`,
  );
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    for (const path of [folder, users, settings]) {
      chownSync(path, nobody, nobody);
    }
    chmodSync(folder, 0o700);
  }
  // It refuses to run as root.
  const child = spawn(program, [settings], { stdio: 'ignore', ...(isRoot ? { uid: nobody, gid: nobody } : {}) });
  await listening(port, child);
  return {
    through(original) {
      const led = new URL(original);
      Object.assign(led, { hostname: '127.0.0.1', port: String(port) });
      return led.href;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if (child.exitCode !== null) {
      throw new Error(`PgBouncer ended with ${child.exitCode}.`);
    }
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isOpen) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('PgBouncer did not begin to listen.');
}
