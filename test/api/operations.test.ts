/** Probes and metrics of a running server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
let caller: Caller;
beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_OPERATIONS_PORT: '0' } });
  caller = await instance.createCaller();
});
afterAll(() => instance.stop());

const get = async (path: string) => {
  const reply = await fetch(`http://127.0.0.1:${instance.server.operationsPort ?? 0}${path}`);
  return { status: reply.status, text: await reply.text() };
};

describe('the port for operators', () => {
  test('every figure of the instance is there, read from the database', async () => {
    expect(await get('/readyz')).toEqual({ status: 200, text: 'ok\n' });
    await caller.call('createVideo', { body: { fileName: 'a.mp4', sizeBytes: 1000 } });
    const { status, text } = await get('/metrics');
    expect(status).toBe(200);
    expect(text).toContain('carmic_database_up 1');
    expect(text).toContain('carmic_videos{state="uploading"} 1');
    for (const name of [
      'carmic_agents',
      'carmic_storage_used_bytes',
      'carmic_erasures_open',
      'carmic_erasure_oldest_seconds',
      'carmic_retention_lag_seconds',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
    expect(text).toMatch(/carmic_http_request_seconds_count\{route="createVideo",method="POST",status="2xx"\} 1/);
    expect(text).not.toContain(caller.workspaceId);
  });

  test('none of it is on the port of customers', async () => {
    expect((await fetch(`${instance.baseUrl}/metrics`)).headers.get('content-type') ?? '').not.toContain('openmetrics');
    expect(await (await fetch(`${instance.baseUrl}/metrics`)).text()).not.toContain('carmic_database_up');
  });
});
