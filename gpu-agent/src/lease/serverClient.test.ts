import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAgentDirectory, type AgentDirectory } from '../agent/agentDirectory.ts';
import { createServerClient } from './serverClient.ts';

const health = fileURLToPath(new URL('../../../docker/agentHealth.mjs', import.meta.url));
const path = mkdtempSync(join(tmpdir(), 'carmic-health-'));
let directory: AgentDirectory;
let status = 200;
const server = createServer((_, response) => {
  const isRefused = status >= 400;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(isRefused ? JSON.stringify({ error: { code: 'unauthenticated', message: 'No.', requestId: '1' } }) : '{"lease":null}');
});

beforeAll(async () => {
  directory = await openAgentDirectory(path);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await directory.close();
  rmSync(path, { recursive: true, force: true });
});

const isHealthy = () => spawnSync(process.execPath, [health], { env: { ...process.env, CARMIC_AGENT_DIR: path } }).status === 0;
const ask = () => {
  const { port } = server.address() as AddressInfo;
  const client = createServerClient(
    `http://127.0.0.1:${port}`,
    () => 'a token',
    () => directory.beat(),
  );
  return client.lease(['inspect'], 1, new AbortController().signal);
};

test.each([401, 403, 500, 503])('an agent that is only answered with %d is not healthy', async (refusal) => {
  status = refusal;
  await expect(ask()).rejects.toMatchObject({ status: refusal });
  expect(isHealthy()).toBe(false);
});

test('one whose call was taken is healthy until the server has been silent for long', async () => {
  status = 200;
  expect(await ask()).toBeNull();
  expect(isHealthy()).toBe(true);
  expect(execFileSync(process.execPath, [health], { env: { ...process.env, CARMIC_AGENT_DIR: path }, encoding: 'utf8' })).toContain(
    'took a call',
  );
  const longAgo = new Date(Date.now() - 3600_000);
  utimesSync(join(path, 'heartbeat'), longAgo, longAgo);
  expect(isHealthy()).toBe(false);
});
