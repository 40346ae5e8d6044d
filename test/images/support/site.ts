/** An installation by `./install` on the engine of the tests, reached through its front as people reach it. */
import { execFile } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Call, createClient } from '@carmic/contract';
import { Agent, buildConnector, fetch as fetchVia } from 'undici';
import { expect } from 'vitest';
import { freePort } from '../../support/minio.ts';
import { type Docker, makeSite } from './docker.ts';

/** The name under which the installation is reached; it leads to this machine. */
export const hostname = 'carmic.test';

export interface Site {
  readonly folder: string;
  readonly port: number;
  readonly baseUrl: string;
  /** An administrator's calls. */
  readonly call: Call;
  readonly fetch: typeof globalThis.fetch;
  compose(...args: string[]): Promise<string>;
  idOf(service: string): Promise<string>;
  /** `kill -9` of the process itself, as the system does it when memory runs out: Docker's own kill would count as wished. */
  kill(service: string): Promise<void>;
  /** Runs a program in the folder. */
  run(file: string, args: readonly string[]): Promise<string>;
  /** Seconds from `./install` to its last line. */
  readonly installSeconds: number;
  stop(): Promise<void>;
}

/** Installs with the images that are there and signs the first administrator in. */
export async function installSite(docker: Docker, options: readonly string[] = []): Promise<Site> {
  const folder = makeSite();
  const [port, httpPort, s3Port] = [await freePort(), await freePort(), await freePort()];
  const run = (file: string, args: readonly string[]) => runIn(docker, folder, file, args);
  // The same choice as ./install makes.
  const [file, ...first] = await run('docker', ['compose', 'version']).then(
    () => ['docker', 'compose'] as const,
    () => ['docker-compose'] as const,
  );
  const compose = (...args: string[]) => run(file, [...first, ...args]);
  const stop = async () => {
    await compose('down', '-v', '--timeout', '5');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const baseUrl = `https://${hostname}:${port}`;
    const ports = ['--https-port', String(port), '--http-port', String(httpPort), '--s3-port', String(s3Port)];
    const startedAt = performance.now();
    const said = await run('./install', ['--hostname', hostname, ...ports, '--yes', ...options]);
    const installSeconds = (performance.now() - startedAt) / 1000;
    expect(said).toContain(`Carmic is ready at ${baseUrl}`);
    const fetch = fetchThrough({ ca: readFileSync(join(folder, 'secrets/tls/ca.crt'), 'utf8') });
    const token = /sign-in\?token=(\S+)/.exec(said)?.[1] ?? '';
    const idOf = async (service: string) => (await compose('ps', '-q', service)).trim();
    return {
      folder,
      port,
      baseUrl,
      call: await signIn(baseUrl, token, fetch),
      fetch,
      compose,
      idOf,
      run,
      installSeconds,
      async kill(service) {
        process.kill(Number(await docker.run(['inspect', '-f', '{{.State.Pid}}', await idOf(service)])), 'SIGKILL');
      },
      stop,
    };
  } catch (error) {
    appendFileSync(join(folder, 'failure.log'), await compose('logs', '--tail', '60').catch(String));
    const log = readFileSync(join(folder, 'failure.log'), 'utf8');
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log.slice(-6000)}`, { cause: error });
  }
}

/** Opens a session with a link that works once; answers calls with its cookie. */
export async function signIn(baseUrl: string, token: string, fetch: typeof globalThis.fetch): Promise<Call> {
  const reply = await fetch(`${baseUrl}/api/v1/one-time-sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  expect(reply.status).toBe(201);
  const cookie = (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return createClient({ baseUrl, headers: () => ({ cookie }), fetch });
}

/** Fetches from the front on this machine, whatever the name in the address, and trusts the installation's authority. */
export function fetchThrough({ ca, port }: { ca: string; port?: number }): typeof globalThis.fetch {
  const connect = buildConnector({ ca, lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) });
  const dispatcher = new Agent({
    connect: (options, done) => connect(port === undefined ? options : { ...options, port: String(port) }, done),
  });
  return ((input: string | URL, init?: RequestInit) =>
    fetchVia(input, { ...init, dispatcher } as never)) as unknown as typeof globalThis.fetch;
}

function runIn(docker: Docker, cwd: string, file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd, env: docker.env, maxBuffer: 64 * 1024 * 1024, timeout: 900_000 }, (error, out, err) => {
      if (error === null) {
        resolve(out);
      } else {
        reject(new Error(`${file} ${args.join(' ')}: ${error.message}\n${out.slice(-3000)}\n${err.slice(-3000)}`));
      }
    });
  });
}
