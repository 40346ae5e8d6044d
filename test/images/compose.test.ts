/** The images as they are shipped, and the whole of compose.yaml through `./install`, on a real engine. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type Call, createClient } from '@carmic/contract';
import { Agent, fetch as fetchVia } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/instance.ts';
import { makeCaptions, makeTalk, readMedia } from '../support/media.ts';
import { sha256, uploadVideo } from '../support/upload.ts';
import { type Docker, makeSite, startDocker, whyNoDocker } from './support/docker.ts';

const hostname = 'carmic.test';
const images = [
  ['docker/server.Dockerfile', 'carmic/server:0.1.0'],
  ['docker/agent.Dockerfile', 'carmic/gpu-agent:0.1.0'],
  ['docker/pgbouncer.Dockerfile', 'carmic/pgbouncer:0.1.0'],
] as const;
const server = images[0][1];
const agent = images[1][1];
/** What an arbitrary user on a cluster that trusts nobody may do. */
const confined = [
  'run',
  '--rm',
  '--read-only',
  '--user',
  '4321:8765',
  '--cap-drop',
  'ALL',
  '--security-opt',
  'no-new-privileges',
  '--tmpfs',
  '/tmp',
];

const reason = await whyNoDocker();
if (reason !== null && process.env['CI'] !== 'true') {
  process.stdout.write(`skipped: ${reason}; install Docker to build and try the images\n`);
}

describe.skipIf(reason !== null && process.env['CI'] !== 'true')('the images', () => {
  let docker: Docker;
  beforeAll(async () => {
    if (reason !== null) {
      throw new Error(`CI=true, and ${reason}; apt-get install docker.io docker-compose mmdebstrap`);
    }
    docker = await startDocker();
    for (const [dockerfile, tag] of images) {
      await docker.build(dockerfile, tag);
    }
  }, 1_500_000);
  afterAll(async () => {
    await docker.stop();
  }, 60_000);

  test('the server’s runs as any user on a read-only root without rights, and says what is missing', async () => {
    await expect(docker.run([...confined, server, 'migrate'])).rejects.toThrow(/The environment is not usable:[^]*CARMIC_ROOT_KEY_FILE/);
    const inside = await docker.run([
      ...confined,
      '--entrypoint',
      'sh',
      server,
      '-c',
      'id -u; command -v npm npx curl wget; ls /app/sbom.cdx.json; node -v',
    ]);
    expect(inside.split('\n')).toEqual(['4321', '/app/sbom.cdx.json', expect.stringMatching(/^v24\./), '']);
    const [facts] = JSON.parse(await docker.run(['image', 'inspect', server])) as [
      { Config: { User: string; Labels: Record<string, string> } },
    ];
    expect(facts.Config.User).toBe('10001:10001');
    expect(facts.Config.Labels['org.opencontainers.image.licenses']).toBe('AGPL-3.0-only');
  });

  test('the server’s is at most 120 MB more than the image it is built from', async () => {
    const size = async (tag: string) => Number(await docker.run(['image', 'inspect', '-f', '{{.Size}}', tag]));
    expect((await size(server)) - (await size('node:24-bookworm-slim'))).toBeLessThan(120_000_000);
  });

  test('the list of what is in an image names its packages', async () => {
    const bill = JSON.parse(await docker.run([...confined, '--entrypoint', 'cat', server, '/app/sbom.cdx.json'])) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(bill.bomFormat).toBe('CycloneDX');
    expect(bill.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['koa', 'sequelize', 'zod']));
    expect(bill.components.map(({ name }) => name)).not.toContain('vitest');
  });

  test('the agent’s has an ffmpeg that can encode and draw captions, for any user, and says what is missing', async () => {
    const line =
      'ffmpeg -v error -f lavfi -i testsrc2=d=0.2 -f null - && ffmpeg -hide_banner -encoders | grep -c -E " (libx264|h264_nvenc|h264_vaapi) +"';
    expect((await docker.run([...confined, '--entrypoint', 'sh', agent, '-c', line])).trim()).toBe('4');
    await expect(docker.run([...confined, agent])).rejects.toThrow(/CARMIC_SERVER_URL/);
  });

  describe('with compose', () => {
    let site: string;
    let port: number;
    let call: Call;
    let via: typeof globalThis.fetch;
    const compose = (...args: string[]) => run(docker, site, 'docker-compose', args);
    const idOf = async (service: string) => (await compose('ps', '-q', service)).trim();

    beforeAll(async () => {
      site = makeSite();
      port = await freePort();
      const httpPort = await freePort();
      const said = await run(docker, site, './install', [
        '--hostname',
        hostname,
        '--https-port',
        String(port),
        '--http-port',
        String(httpPort),
        '--yes',
      ]);
      expect(said).toContain(`Carmic is ready at https://${hostname}:${port}`);
      const token = /sign-in\?token=(\S+)/.exec(said)?.[1] ?? '';
      via = trustingFetch(readFileSync(join(site, 'secrets/tls/ca.crt'), 'utf8'));
      const reply = await via(`https://${hostname}:${port}/api/v1/one-time-sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      });
      expect(reply.status).toBe(200);
      const cookie = (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      call = createClient({ baseUrl: `https://${hostname}:${port}`, headers: () => ({ cookie }), fetch: via });
    }, 900_000);
    afterAll(async () => {
      await compose('down', '-v', '--timeout', '5');
      rmSync(site, { recursive: true, force: true });
    }, 120_000);

    test('the secrets are for their owner alone', () => {
      const files = readdirSync(join(site, 'secrets'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(8);
      for (const entry of files.filter(({ name }) => !name.endsWith('.crt'))) {
        expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);
      }
    });

    test('S2, S3: TLS 1.3 only at the front; the database answers PgBouncer and migrations alone', async () => {
      await expect(handshake(port, 'TLSv1.2')).rejects.toThrow(/protocol version|alert/i);
      await expect(handshake(port, 'TLSv1.3')).resolves.toBe('TLSv1.3');
      const reach = (host: string, to: number) =>
        `require('net').connect(${to}, '${host}').on('connect', () => process.exit(0)).on('error', (error) => { console.log(error.code); process.exit(3); })`;
      await expect(compose('exec', '-T', 'server', 'node', '-e', reach('db', 5432))).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
      await compose('exec', '-T', 'server', 'node', '-e', reach('pgbouncer', 6432));
    });

    test('T2: server, worker, agent and database have no way out of the host', async () => {
      for (const service of ['server', 'worker', 'agent', 'db', 'pgbouncer']) {
        const networks = JSON.parse(
          await docker.run(['inspect', '-f', '{{json .NetworkSettings.Networks}}', await idOf(service)]),
        ) as object;
        for (const name of Object.keys(networks)) {
          expect(await docker.run(['network', 'inspect', '-f', '{{.Internal}}', name]), `${service} on ${name}`).toBe('true\n');
        }
      }
    });

    test('a video becomes clips through it, while processes are killed', async () => {
      const bytes = readMedia(await makeTalk({ seconds: 32 }));
      const video = await uploadVideo(call, `https://${hostname}:${port}`, bytes, {
        captions: makeCaptions(32),
        wishes: { clipCount: 1 },
        fetch: via,
      });
      for (const service of ['worker', 'pgbouncer', 'server']) {
        await kill(docker, await idOf(service));
      }
      const ended = await until(
        'the video to end',
        async () => {
          const now = await call('getVideo', { params: { id: video.id } }).catch(() => null);
          return now !== null && (now.state === 'ready' || now.state === 'failed') ? now : null;
        },
        300_000,
      );
      expect(ended.failure).toBeNull();
      const { items } = await call('listClips', { params: { id: video.id } });
      const url = items[0]?.renditions[0]?.media.downloadUrl ?? '';
      const file = await via(new URL(url, `https://${hostname}:${port}`).href);
      expect(file.status).toBe(200);
      const clip = Buffer.from(await file.arrayBuffer());
      expect(clip.subarray(4, 8).toString()).toBe('ftyp');
      expect(sha256(clip)).toMatch(/^[0-9a-f]{64}$/);
    }, 400_000);
  });
});

/** Fetches from the front on this machine, whatever the name in the address, and trusts the installation's authority. */
function trustingFetch(ca: string): typeof globalThis.fetch {
  const dispatcher = new Agent({
    connect: { ca, lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) },
  });
  return ((input: string | URL, init?: RequestInit) =>
    fetchVia(input, { ...init, dispatcher } as never)) as unknown as typeof globalThis.fetch;
}

function handshake(port: number, version: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: hostname,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

/** `kill -9` of the process itself, as the system does it when memory runs out: Docker's own kill would count as wished. */
async function kill(docker: Docker, id: string): Promise<void> {
  process.kill(Number(await docker.run(['inspect', '-f', '{{.State.Pid}}', id])), 'SIGKILL');
}

function run(docker: Docker, cwd: string, file: string, args: readonly string[]): Promise<string> {
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
