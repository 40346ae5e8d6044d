/** The whole of compose.yaml through `./install`, on a real engine, while things break. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Clip, Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/instance.ts';
import { makeCaptions, makeTalk, readMedia } from '../support/media.ts';
import { sha256, uploadVideo } from '../support/upload.ts';
import { buildImages, type Docker, images, makeServiceImages, say, seconds, startDocker, whyNoDocker } from './support/docker.ts';
import { hostname, installSite, type Site } from './support/site.ts';

const reason = await whyNoDocker();
if (reason !== null && process.env['CI'] !== 'true') {
  process.stdout.write(`skipped: ${reason}; install Docker to build and try the images\n`);
}

describe.skipIf(reason !== null && process.env['CI'] !== 'true')('an installation', () => {
  let docker: Docker;
  beforeAll(async () => {
    if (reason !== null) {
      throw new Error(`CI=true, and ${reason}; apt-get install docker.io docker-compose mmdebstrap`);
    }
    docker = await startDocker();
    await makeServiceImages(docker);
    await buildImages(docker);
  }, 3_600_000);
  afterAll(async () => {
    await docker.stop();
  }, 60_000);

  describe('with compose', () => {
    let site: Site;
    let isInstalled = false;
    let video: Video;
    let clips: Map<string, string>;

    beforeAll(async () => {
      site = await installSite(docker);
      isInstalled = true;
      say(`installed and ready in ${site.installSeconds.toFixed(0)} s`);
    }, 900_000);
    // What could not be installed is gone already, and its reason is told.
    afterAll(() => (isInstalled ? site.stop() : undefined), 120_000);

    test('the secrets are for their owner alone', () => {
      const files = readdirSync(join(site.folder, 'secrets'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.length).toBeGreaterThan(8);
      for (const entry of files.filter(({ name }) => !name.endsWith('.crt'))) {
        expect(statSync(join(entry.parentPath, entry.name)).mode & 0o077, entry.name).toBe(0);
      }
    });

    test('S2, S3: TLS 1.3 only at the front; the database answers PgBouncer and migrations alone', async () => {
      await expect(handshake(site.port, 'TLSv1.2')).rejects.toThrow(/protocol version|alert/i);
      await expect(handshake(site.port, 'TLSv1.3')).resolves.toBe('TLSv1.3');
      const reach = (host: string, to: number) =>
        `require('net').connect(${to}, '${host}').on('connect', () => process.exit(0)).on('error', (error) => { console.log(error.code); process.exit(3); })`;
      await expect(site.compose('exec', '-T', 'server', 'node', '-e', reach('db', 5432))).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
      await site.compose('exec', '-T', 'server', 'node', '-e', reach('pgbouncer', 6432));
    });

    test('T2: server, worker, agent and database have no way out of the host', async () => {
      for (const service of ['server', 'worker', 'agent', 'db', 'pgbouncer']) {
        for (const name of await networksOf(docker, await site.idOf(service))) {
          expect(await docker.run(['network', 'inspect', '-f', '{{.Internal}}', name]), `${service} on ${name}`).toBe('true\n');
        }
      }
    });

    test('videos become clips while processes are killed, networks cut and the database stands still; nothing is lost', async () => {
      const startedAt = performance.now();
      [video] = [await sendTalk(site)];
      const other = await sendTalk(site);
      for (const service of ['worker', 'pgbouncer', 'server', 'db']) {
        await site.kill(service);
      }
      await until('an agent at work', () => hasTask(site, 'inspect'), 300_000);
      await site.kill('agent');
      await until('an agent at work again', () => hasTask(site, 'render'), 300_000);
      for (const service of ['worker', 'server']) {
        await cutOff(docker, site, service, 'inside', 8000);
      }
      await cutOff(docker, site, 'pgbouncer', 'data', 8000);
      await docker.run(['pause', await site.idOf('db')]);
      await pause(8000);
      await docker.run(['unpause', await site.idOf('db')]);
      await cutOff(docker, site, 'agent', 'inside', 8000);
      for (const { id } of [video, other]) {
        expect((await ended(site, id)).failure).toBeNull();
      }
      say(`two videos of 32 s are clips, through all faults, after ${seconds(startedAt)} s`);
      clips = await readClips(site, video.id);
      expect(clips.size).toBeGreaterThan(0);
      // Compares the storage with the database both ways; fails when either lacks something.
      expect(await site.compose('exec', '-T', 'server', 'carmic', 'reconcile')).toMatch(/\b0 missing,/);
    }, 900_000);

    test('without faults a video is clips soon', async () => {
      const startedAt = performance.now();
      const { id } = await sendTalk(site);
      expect((await ended(site, id)).failure).toBeNull();
      say(`a video of 32 s is clips after ${seconds(startedAt)} s`);
    }, 400_000);

    test('an upgrade as docs/operate.md tells it keeps everything', async () => {
      const next = '0.1.1-next';
      for (const tag of Object.values(images)) {
        await docker.run(['tag', tag, tag.replace(/:.*/, `:${next}`)]);
      }
      const settings = join(site.folder, '.env');
      writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^CARMIC_VERSION=.*$/m, `CARMIC_VERSION=${next}`));
      const startedAt = performance.now();
      await site.compose('up', '-d');
      const stateOf = async (service: string) =>
        docker.run(['inspect', '-f', '{{.Config.Image}} {{.State.Health.Status}}', await site.idOf(service)]);
      for (const [service, image] of [
        ['server', images.server],
        ['worker', images.server],
        ['agent', images.agent],
      ] as const) {
        const wanted = `${image.replace(/:.*/, `:${next}`)} healthy\n`;
        await until(`${service} to be the next`, async () => ((await stateOf(service)) === wanted ? true : null), 600_000);
      }
      say(`upgrade, until all is healthy: ${seconds(startedAt)} s`);
      expect(await readClips(site, video.id)).toEqual(clips);
    }, 900_000);

    test('what was backed up comes back after everything is destroyed', async () => {
      const exec = (...args: string[]) => site.compose('exec', '-T', 'server', 'carmic', ...args);
      let startedAt = performance.now();
      await exec('backup');
      say(`backup: ${seconds(startedAt)} s`);
      expect(await exec('verify')).toContain('every hash is right');
      await site.compose('down', '-v', '--timeout', '10');
      startedAt = performance.now();
      await site.compose('up', '-d', 'db', 'pgbouncer');
      await site.compose('run', '--rm', '-T', 'migrate', 'restore', '--from', '/backup');
      await site.run('./install', ['--yes']);
      say(`restore, until it answers: ${seconds(startedAt)} s`);
      expect(await readClips(site, video.id)).toEqual(clips);
    }, 900_000);
  });

  test('with MinIO beside it, objects are in the bucket, encrypted, and a video becomes clips', async () => {
    const site = await installSite(docker, ['--storage', 'minio']);
    try {
      const { id } = await sendTalk(site);
      expect((await ended(site, id)).failure).toBeNull();
      expect((await readClips(site, id)).size).toBeGreaterThan(0);
      const kept = readdirSync(join(site.folder, 'minio/carmic'), { recursive: true, withFileTypes: true });
      const bodies = kept.filter((entry) => entry.isFile()).map((entry) => readFileSync(join(entry.parentPath, entry.name)));
      expect(bodies.length).toBeGreaterThan(3);
      expect(bodies.some((body) => body.includes('ftyp'))).toBe(false);
      const inside = await site.compose('exec', '-T', 'minio', 'sh', '-c', 'ls /run/minio; id -u');
      expect(inside).not.toContain('root-key');
    } finally {
      await site.stop();
    }
  }, 1_500_000);
});

async function sendTalk({ call, baseUrl, fetch }: Site): Promise<Video> {
  return uploadVideo(call, baseUrl, readMedia(await makeTalk({ seconds: 32 })), {
    captions: makeCaptions(32),
    wishes: { clipCount: 1 },
    fetch,
  });
}

/** Waits until a video is ready or has failed; an answer that does not come is asked for again. */
function ended({ call }: Site, id: string): Promise<Video> {
  return until(
    'the video to end',
    async () => {
      const now = await call('getVideo', { params: { id } }).catch(() => null);
      return now !== null && (now.state === 'ready' || now.state === 'failed') ? now : null;
    },
    600_000,
  );
}

/** True while an agent does such a task, or when everything is done already. */
async function hasTask({ call }: Site, kind: string): Promise<true | null> {
  const agents = await call('listAgents').catch(() => null);
  const { items } = (await call('listVideos', { query: {} }).catch(() => null)) ?? { items: [] };
  const isAtWork = agents?.items.some(({ currentTasks }) => currentTasks.some((task) => task.kind === kind)) === true;
  return isAtWork || (items.length > 0 && items.every(({ state }) => state === 'ready' || state === 'failed')) ? true : null;
}

/** The SHA-256 of every clip's file by its id, as people download it. */
async function readClips({ call, baseUrl, fetch }: Site, id: string): Promise<Map<string, string>> {
  const { items } = await call('listClips', { params: { id } });
  const hashes = new Map<string, string>();
  for (const clip of items.filter((each: Clip) => each.renditions[0]?.media.downloadUrl)) {
    const file = await fetch(new URL(clip.renditions[0]?.media.downloadUrl ?? '', baseUrl).href);
    expect(file.status).toBe(200);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes.subarray(4, 8).toString()).toBe('ftyp');
    hashes.set(clip.id, sha256(bytes));
  }
  return hashes;
}

async function networksOf(docker: Docker, id: string): Promise<string[]> {
  return Object.keys(JSON.parse(await docker.run(['inspect', '-f', '{{json .NetworkSettings.Networks}}', id])) as object);
}

/** Pulls a container's cable for a while. */
async function cutOff(docker: Docker, site: Site, service: string, network: string, ms: number): Promise<void> {
  const id = await site.idOf(service);
  const name =
    (await networksOf(docker, id)).find((each) => each.endsWith(`_${network}`)) ?? expect.fail(`${service} is not on ${network}`);
  await docker.run(['network', 'disconnect', name, id]);
  await pause(ms);
  await docker.run(['network', 'connect', '--alias', service, name, id]);
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
