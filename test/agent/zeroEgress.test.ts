/** Nothing leaves the building: the whole product does its main job where every packet to the outside is seen. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runIsolated, whyNotIsolated } from '../support/isolated.ts';
import { makeCaptions, makeTalk, readMedia } from '../support/media.ts';
import { providerHosts } from '../support/providerHosts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CARMIC_|VITEST|npm_|INIT_CWD)/.test(name)));
const reason = await whyNotIsolated();
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-egress-'));
  // The database's own user has to get through.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'talk.mp4'), readMedia(await makeTalk({ seconds: 24 })));
  writeFileSync(join(folder, 'talk.srt'), makeCaptions(24));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('T2: without third parties', () => {
  test('a file becomes a clip, through database, server and agent, and nobody outside is contacted', async (context) => {
    context.skip(reason !== null, reason ?? '');
    const out = join(folder, 'clips');
    const args = [
      'start/index.mjs',
      join(folder, 'talk.mp4'),
      '--captions',
      join(folder, 'talk.srt'),
      '--count',
      '1',
      '--out',
      out,
      '--once',
    ];
    const { attempts, code, output } = await runIsolated(
      process.execPath,
      [...args, '--data', join(folder, 'data'), '--port', '0', '--no-demo'],
      {
        cwd: root,
        env: { ...inherited, CARMIC_MODE: 'test' },
      },
    );
    expect(code, output).toBe(0);
    expect(readdirSync(out, { recursive: true }).filter((name) => String(name).endsWith('.mp4'))).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(out, 'clips.json'), 'utf8'))).toBeDefined();
    expect(attempts).toEqual([]);
  }, 1_200_000);

  test('with providers switched on, they are asked under their own names and nobody else is', async (context) => {
    context.skip(reason !== null, reason ?? '');
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, `127.0.0.1 localhost ${Object.values(providerHosts).join(' ')}\n::1 localhost\n`);
    const mounted = ['-m', 'sh', '-c', 'mount --make-rprivate / && mount --bind "$CARMIC_HOSTS" /etc/hosts && exec "$@"', 'sh'];
    const start = ['start/index.mjs', join(folder, 'talk.mp4'), '--count', '1', '--out', join(folder, 'provided'), '--once'];
    const { attempts, code, output } = await runIsolated(
      'unshare',
      [
        ...[...mounted, process.execPath, '--import', 'tsx', 'test/support/providersProcess.ts'],
        ...[...start, '--data', join(folder, 'provided-data'), '--port', '0', '--no-demo'],
      ],
      { cwd: root, env: { ...inherited, CARMIC_MODE: 'test', CARMIC_HOSTS: hosts } },
    );
    expect(code, output).toBe(0);
    const { asked } = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as { asked: Record<string, number> };
    expect(Object.keys(asked).sort()).toEqual(Object.values(providerHosts).sort());
    expect(attempts).toEqual([]);
    expect(readFileSync(join(folder, 'provided/clips.json'), 'utf8')).toContain('harbour');
  }, 1_200_000);

  test('an attempt would have been seen: by IPv4, by IPv6, and the question for a name', async (context) => {
    context.skip(reason !== null, reason ?? '');
    const attempt = `
      const { connect } = require('node:net');
      const { Resolver } = require('node:dns').promises;
      connect(443, '198.51.100.1').on('error', () => {});
      connect(443, '2001:db8:1::1').on('error', () => {});
      const resolver = new Resolver({ timeout: 200, tries: 1 });
      resolver.setServers(['127.0.0.53', '198.51.100.53']);
      resolver.resolve4('example.com').catch(() => {});
      setTimeout(() => process.exit(0), 700);
    `;
    const { attempts } = await runIsolated(process.execPath, ['-e', attempt], { cwd: root, env: inherited });
    expect(attempts).toEqual(expect.arrayContaining(['ipv4 tcp 198.51.100.1 443', 'ipv6 tcp 2001:db8:1::1 443', 'ipv4 udp 127.0.0.53 53']));
  });
});
