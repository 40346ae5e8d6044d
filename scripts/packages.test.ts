/** The gate for weaknesses of packages, against a registry on loopback that answers npm's own question. */
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const script = fileURLToPath(new URL('packages.mjs', import.meta.url));
const run = promisify(execFile);

let registry: Server;
let answer: { status: number; body: unknown } = { status: 405, body: {} };
const asked: string[] = [];
beforeAll(async () => {
  registry = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    request.resume().on('end', () => {
      response.writeHead(request.url?.includes('/advisories/bulk') === true ? answer.status : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => registry.close(resolve)));

async function gate(): Promise<{ code: number; text: string }> {
  const { port } = registry.address() as AddressInfo;
  const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/`, npm_config_fetch_retries: '0' };
  try {
    const { stdout } = await run(process.execPath, [script, '--audit'], { env });
    return { code: 0, text: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, text: stderr };
  }
}

test('the gate passes when nothing is known, fails when something is, and says so when nobody answered', async () => {
  answer = { status: 405, body: { error: 'Method Not Allowed' } };
  expect(await gate()).toEqual({
    code: 1,
    text: expect.stringMatching(/The registry did not answer the audit: .+\. Nothing is known\./) as string,
  });

  answer = { status: 200, body: {} };
  expect(await gate()).toEqual({ code: 0, text: 'No weakness of high or critical severity is known that is not excepted.\n' });

  const weakness = {
    id: 1,
    url: 'https://github.com/advisories/GHSA-0000-0000-0000',
    title: 'Answers whatever it is asked',
    severity: 'high',
    vulnerable_versions: '<999.0.0',
  };
  answer = { status: 200, body: { koa: [weakness] } };
  const found = await gate();
  expect(found.code).toBe(1);
  expect(found.text).toContain('high: koa: Answers whatever it is asked (https://github.com/advisories/GHSA-0000-0000-0000)');
  expect(asked.some((each) => each.startsWith('POST /-/npm/v1/security/advisories/bulk'))).toBe(true);
}, 240_000);
