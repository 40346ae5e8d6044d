/** The images as they are shipped, built and started on a real engine: who may run them, what is in them and how much they weigh. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildImages, type Docker, images, say, seconds, startDocker, whyNoDocker } from './support/docker.ts';

const { server, agent } = images;
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
      throw new Error(`CI=true, and ${reason}; apt-get install docker.io mmdebstrap`);
    }
    const startedAt = performance.now();
    docker = await startDocker();
    say(`the images that ours are built from are there after ${seconds(startedAt)} s`);
    await buildImages(docker);
    say(`our images are built after ${seconds(startedAt)} s`);
  }, 3_600_000);
  afterAll(async () => {
    await docker.stop();
  }, 60_000);

  test('the server’s runs as whatever user on a read-only root without rights, and says what is missing', async () => {
    await expect(docker.run([...confined, server, 'migrate'])).rejects.toThrow(/The environment is not usable:[^]*CARMIC_DATABASE_URL/);
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
    const base = await size('node:24-bookworm-slim');
    for (const tag of Object.values(images)) {
      say(`${tag}: ${Math.round((await size(tag)) / 1e6)} MB (${Math.round(((await size(tag)) - base) / 1e6)} MB more than Node’s image)`);
    }
    expect((await size(server)) - base).toBeLessThan(120_000_000);
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
});
