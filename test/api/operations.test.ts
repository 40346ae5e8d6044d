/** Probes and metrics of a running server. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';

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

  test('the work of the last hour, its speed, encoders, limits and the last backup are told as they are', async () => {
    const { video } = await caller.call('createVideo', { body: { fileName: 'b.mp4', sizeBytes: 1000 } });
    const client = new Client({ connectionString: instance.database.superuserUrl });
    await client.connect();
    const addTask = (state: string, endedAgo: string, seconds: number, clipSeconds: number) =>
      client.query(
        `INSERT INTO media_tasks (id, workspace_id, video_id, kind, state, queued_at, leased_at, finished_at, created_at, result)
         VALUES (gen_random_uuid(), $1, $2, 'render', $3, now(), now() - $4::interval - make_interval(secs => $5), now() - $4::interval, now(), $6)`,
        [caller.workspaceId, video.id, state, endedAgo, seconds, { kind: 'render', durationSeconds: clipSeconds }],
      );
    await addTask('done', '10 minutes', 30, 60);
    await addTask('done', '50 minutes', 60, 120);
    await addTask('done', '2 hours', 9000, 1);
    await addTask('failed', '5 minutes', 1, 1);
    const encoders = [
      { name: 'h264_nvenc', works: true, reason: '', sessions: 3 },
      { name: 'libx264', works: true, reason: '', sessions: null },
      { name: 'hevc_nvenc', works: false, reason: '', sessions: 3 },
    ];
    await client.query(
      "INSERT INTO agents (id, name, version, token_hash, capabilities, last_seen_at, created_at) VALUES (gen_random_uuid(), 'a', '1', '\\x01', $1, now(), now())",
      [JSON.stringify({ encoders })],
    );
    await client.query('UPDATE workspaces SET storage_limit_bytes = 1000 WHERE id = $1', [caller.workspaceId]);
    await client.query('UPDATE storage_usage SET used_bytes = 950 WHERE workspace_id = $1', [caller.workspaceId]);
    await client.query(`INSERT INTO instance_settings VALUES ('last_backup', '{"at": "2026-01-01T00:00:00Z"}')`);
    await client.query("INSERT INTO agenda_jobs (name, next_run_at) VALUES ('nobody.takes.this', now() - interval '100 seconds')");
    const text = await until('fresh figures', async () => {
      const { text: now } = await get('/metrics');
      return now.includes('carmic_tasks_ended_last_hour{') ? now : null;
    });
    await client.end();
    expect(text).toContain('carmic_tasks_ended_last_hour{kind="render",state="done"} 2');
    expect(text).toContain('carmic_tasks_ended_last_hour{kind="render",state="failed"} 1');
    expect(text).toMatch(/^carmic_task_seconds_last_hour\{kind="render"\} 45(\.0*\d)?$/m);
    expect(text).toMatch(/^carmic_render_realtime_ratio_last_hour 0\.5/m);
    expect(text).toContain('carmic_encoder_sessions{encoder="h264_nvenc"} 3');
    expect(text).not.toMatch(/carmic_encoder_sessions\{encoder="(libx264|hevc_nvenc)"\}/);
    expect(text).toContain('carmic_workspaces_nearly_full 1');
    expect(text).toContain(`carmic_backup_timestamp_seconds ${Date.parse('2026-01-01T00:00:00Z') / 1000}`);
    expect(Number(/^carmic_job_oldest_due_seconds (\S+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(100);
  });

  test('none of it is on the port of customers', async () => {
    expect((await fetch(`${instance.baseUrl}/metrics`)).headers.get('content-type') ?? '').not.toContain('openmetrics');
    expect(await (await fetch(`${instance.baseUrl}/metrics`)).text()).not.toContain('carmic_database_up');
  });
});
