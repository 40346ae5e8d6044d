/** The canary on a real server: without an agent, with a real one, when something breaks, and switched off again. Keeps: R1, R5, G5. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CanaryStepName, Overview } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canarySeconds, makeCanaryVideo } from '../../server/src/privacy/canary/canaryVideo.ts';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { probeFile } from '../support/media.ts';

const env: Record<string, string> = {
  CARMIC_OPERATIONS_PORT: '0',
  CARMIC_LEASE_SECONDS: '20',
  CARMIC_DEEPGRAM_KEY: 'k',
  CARMIC_DEEPGRAM_URL: 'http://127.0.0.1:9',
};
let instance: TestInstance;
let admin: Caller;
let agent: AgentProcess | null = null;
/** Workspaces before the canary came. */
let workspaces = 0;

beforeAll(async () => {
  instance = await startInstance({ env });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(async () => {
  await agent?.remove();
  await instance.stop();
});

const overview = () => admin.call('getOverview');
const checkOf = ({ checks }: Overview) => checks.find(({ name }) => name === 'canary');
const stepOf = (found: Overview, step: CanaryStepName) => found.canary?.find((each) => each.step === step);
const rows = <T extends object>(sql: string) => instance.server.deps.db.systemRows<T>(sql);
const count = async (sql: string) => Number((await rows<{ count: string }>(sql))[0]?.count);
const living = 'SELECT count(*) AS count FROM workspaces WHERE is_canary AND deleted_at IS NULL';
const metrics = async () => (await fetch(`http://127.0.0.1:${instance.server.operationsPort ?? 0}/metrics`)).text();

/** Waits until a run has ended: the last step, and all before it. */
const ended = () =>
  until(
    'the canary to end its run',
    async () => {
      const found = await overview();
      const states = found.canary?.map(({ state }) => state) ?? [];
      return states.length === 5 && states.every((state) => state !== 'waiting' && state !== 'running') ? found : null;
    },
    170_000,
  );

/** As if a day had passed. */
const nextDay = () =>
  instance.server.deps.db.asSystem((tx) =>
    instance.server.deps.db.change(tx, "UPDATE canary_probes SET started_at = started_at - interval '25 hours' WHERE step = 'upload'"),
  );

test('its video is made by the server, tiny, and one that ffmpeg reads', async () => {
  const bytes = makeCanaryVideo();
  expect(bytes.length).toBeLessThan(1_000_000);
  const path = join(instance.directory, 'canary.avi');
  writeFileSync(path, bytes);
  const { format, streams } = await probeFile(path);
  expect(Number(format.duration)).toBeCloseTo(canarySeconds, 1);
  expect(streams.map(({ codec_name: name }) => name)).toEqual(['rawvideo', 'pcm_u8']);
  expect(streams[0]).toMatchObject({ width: 64, height: 36, nb_read_packets: String(canarySeconds * 5) });
});

describe('the canary', () => {
  test('is off by default, and nothing of it is there', async () => {
    await until('a round of the watchdog', async () =>
      (await count("SELECT count(*) AS count FROM agenda_jobs WHERE name = 'watchdog' AND last_finished_at IS NOT NULL")) > 0 ? true : null,
    );
    const found = await overview();
    workspaces = found.figures.workspaces;
    expect(found.canary).toBeNull();
    expect(checkOf(found)).toMatchObject({ state: 'off', figure: null });
    expect(
      await count(
        "SELECT (SELECT count(*) FROM canary_probes) + (SELECT count(*) FROM users WHERE email LIKE 'canary%') + (SELECT count(*) FROM workspaces WHERE is_canary) AS count",
      ),
    ).toBe(0);
    expect(await metrics()).not.toMatch(/^carmic_canary_\w+\{/m);
  });

  test('uploads, is exported, deletes and expires; without an agent processing is left out and says so', async () => {
    env['CARMIC_CANARY'] = 'on';
    await instance.restart();
    const found = await ended();
    expect(found.canary?.map(({ reason, state, step }) => [step, state, reason])).toEqual([
      ['upload', 'ok', null],
      ['processing', 'skipped', 'no_agent'],
      ['export', 'ok', null],
      ['deletion', 'ok', null],
      ['expiry', 'ok', null],
    ]);
    expect(checkOf(found)).toMatchObject({ state: 'ok', figure: 0 });
    const text = await until('the metrics', async () => {
      const told = await metrics();
      return told.includes('carmic_canary_step_ok{step="expiry"}') ? told : null;
    });
    for (const step of ['upload', 'export', 'deletion', 'expiry']) {
      expect(text).toContain(`carmic_canary_step_ok{step="${step}"} 1`);
      expect(text).toMatch(new RegExp(`^carmic_canary_step_seconds\\{step="${step}"\\} \\d`, 'm'));
      expect(text).toMatch(new RegExp(`^carmic_canary_success_timestamp_seconds\\{step="${step}"\\} \\d{10}`, 'm'));
    }
    expect(text).not.toContain('step="processing"');
    expect(await count('SELECT count(*) AS count FROM data_archives')).toBe(0);
  });

  test('is worked on by a real agent the next day, and counts nowhere', async () => {
    agent = await startAgentProcess(instance);
    await until('the agent', async () => ((await overview()).figures.agentsOnline > 0 ? true : null));
    await nextDay();
    const found = await until(
      'the video to be worked on',
      async () => {
        const seen = await overview();
        expect(seen.figures).toMatchObject({ videos: 0, workspaces, storageBytes: 0 });
        return ['ok', 'failed'].includes(stepOf(seen, 'processing')?.state ?? '') ? seen : null;
      },
      170_000,
    );
    expect(stepOf(found, 'processing')).toMatchObject({ state: 'ok', isOk: true, reason: null });
    expect((await ended()).canary?.every(({ isOk }) => isOk === true)).toBe(true);

    expect(
      await count(
        "SELECT count(*) AS count FROM events e JOIN workspaces w ON w.id = e.workspace_id WHERE w.is_canary AND e.type = 'task.done'",
      ),
    ).toBeGreaterThanOrEqual(2);
    for (const table of [
      'usage_entries',
      'usage_months',
      'engine_usage',
      'encoding_reports',
      'meter_events',
      'billing_accounts',
      'egress_ledger',
      'mails',
    ]) {
      expect(await count(`SELECT count(*) AS count FROM ${table}`), table).toBe(0);
    }
    const after = await overview();
    expect(after.hours.reduce((sum, { done, failed }) => sum + done + failed, 0)).toBe(0);
    expect(await metrics()).not.toMatch(/^carmic_(tasks_ended_last_hour|task_seconds_last_hour|videos)\{/m);
    const plans = await admin.call('listPlans');
    expect(plans.items.reduce((sum, { workspaceCount }) => sum + workspaceCount, 0)).toBe(workspaces);
    expect(await count('SELECT count(*) AS count FROM third_party_refusals')).toBe(4);
  });

  test('says what broke, and that it works again', async () => {
    const { store } = instance.server.deps;
    const { putPart } = store;
    store.putPart = () => Promise.reject(new Error('no space left'));
    await nextDay();
    const broken = await until('the failure', async () => {
      const seen = await overview();
      return stepOf(seen, 'upload')?.isOk === false ? seen : null;
    });
    expect(checkOf(broken)?.state).toBe('bad');
    expect(stepOf(broken, 'upload')?.reason).toBe('Error: no space left');
    // Figures are read every few seconds only.
    await until('the metric', async () => ((await metrics()).includes('carmic_canary_step_ok{step="upload"} 0') ? true : null));
    const after = await ended();
    expect(stepOf(after, 'deletion')).toMatchObject({ state: 'skipped', reason: 'no_video' });
    expect(stepOf(after, 'expiry')?.isOk).toBe(false);
    store.putPart = putPart;
    await nextDay();
    const mended = await until('the upload to work again', async () => {
      const seen = await overview();
      return stepOf(seen, 'upload')?.state === 'ok' ? seen : null;
    });
    expect(checkOf(mended)?.figure).toBe(1);
  });

  test('is erased with everything when it is switched off, in the middle of its work', async () => {
    env['CARMIC_CANARY'] = 'off';
    await instance.restart();
    await until('the account to go', async () => ((await count(living)) === 0 ? true : null));
    expect(
      await count(
        "SELECT (SELECT count(*) FROM canary_probes) + (SELECT count(*) FROM users WHERE email LIKE 'canary%') + (SELECT count(*) FROM third_party_refusals) AS count",
      ),
    ).toBe(0);
    expect((await overview()).canary).toBeNull();
    await until('its content to go', async () => ((await count('SELECT count(*) AS count FROM stored_objects')) === 0 ? true : null));
  });
});
