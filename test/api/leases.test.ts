import { ApiError, type Lease } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaseTask } from '../../server/src/agents/leaseTask.ts';
import { MediaTasks } from '../../server/src/agents/model.ts';
import { specBuilders } from '../../server/src/pipeline.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, plainResult, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '1.2', CARMIC_WATCHDOG_SECONDS: '1' } });
  caller = await instance.createCaller();
});
afterAll(() => instance.stop());

/** Uploads something and answers the agent that holds the lease on its inspection. */
async function leaseNew(agent?: ProtocolAgent): Promise<{ agent: ProtocolAgent; lease: Lease; videoId: string }> {
  const holder = agent ?? (await enrolAgent(instance));
  const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('not really a video'));
  return { agent: holder, lease: await leaseOf(holder, video.id), videoId: video.id };
}

async function leaseOf(agent: ProtocolAgent, videoId: string): Promise<Lease> {
  const lease = await until('the lease', () => agent.lease(['inspect'], 5));
  if (lease.spec.kind === 'inspect' && !lease.spec.source.url.includes(videoId)) {
    throw new Error('The lease is on another video.');
  }
  return lease;
}

const task = (id: string) =>
  instance.server.deps.db.asSystem((tx) =>
    instance.server.deps.db.model(MediaTasks).findByPk(id, { transaction: tx, rejectOnEmpty: true }),
  );

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const drop = (videoId: string) => caller.call('deleteVideo', { params: { id: videoId } });

describe('one task, several agents', () => {
  test('of many agents asking at once, exactly one gets it', async () => {
    const { deps } = instance.server;
    const agents = await Promise.all(Array.from({ length: 6 }, () => enrolAgent(instance)));
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('raced for'));
    await until('the task', async () => ((await countQueued(video.id)) === 1 ? true : null));
    const leases = await Promise.all(agents.map((agent) => leaseTask(deps, specBuilders, agent.agentId, ['inspect'])));
    expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
    await drop(video.id);
  });

  test('a waiting agent gets a task as soon as it is queued', async () => {
    const agent = await enrolAgent(instance);
    const waiting = agent.lease(['inspect'], 10);
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('waited for'));
    expect((await waiting)?.spec.kind).toBe('inspect');
    await drop(video.id);
  });
});

async function countQueued(videoId: string): Promise<number> {
  const { db } = instance.server.deps;
  return db.asSystem((tx) => db.model(MediaTasks).count({ where: { videoId, state: 'queued' }, transaction: tx }));
}

describe('a lease that ran out', () => {
  test('renew after expiry answers lease_lost, another agent finishes, and the late one is not seen', async () => {
    const { agent, lease, videoId } = await leaseNew();
    const second = await enrolAgent(instance);
    await pause(1400);
    expect(await codeOf(agent.renew(lease))).toBe('lease_lost');
    const again = await until('the second lease', () => second.lease(['inspect'], 5), 15_000);
    expect(again.taskId).toBe(lease.taskId);
    expect(again.attempt).toBe(2);
    expect(again.leaseToken).not.toBe(lease.leaseToken);
    // The first agent's URLs still carry a valid signature, and are refused because its attempt is over.
    await expect(agent.put(lease, 'proxy', Buffer.from('too late'))).rejects.toThrow(/409|404/);
    expect(
      await codeOf(
        agent.call('completeLease', {
          params: { id: lease.taskId },
          body: { leaseToken: lease.leaseToken, outputs: [], result: plainResult(lease) },
        }),
      ),
    ).toBe('lease_lost');
    await second.finish(again);
    await until('the video to go on', async () =>
      (await caller.call('getVideo', { params: { id: videoId } })).probe === null ? null : true,
    );
    await drop(videoId);
  });

  test('renewing keeps it for as long as the work takes', async () => {
    const { agent, lease, videoId } = await leaseNew();
    for (let turn = 0; turn < 6; turn++) {
      await pause(400);
      expect((await agent.renew(lease, turn / 10)).isCancelled).toBe(false);
    }
    expect((await task(lease.taskId)).attempt).toBe(1);
    const video = await caller.call('getVideo', { params: { id: videoId } });
    expect(video.stages.find((stage) => stage.name === 'inspect')).toMatchObject({ state: 'running', progress: 0.5 });
    await drop(videoId);
  });

  test('a task that loses every agent ends as failed, with what to do next', async () => {
    const { agent, lease, videoId } = await leaseNew();
    for (let attempt = 2; attempt <= 3; attempt++) {
      const next = await until(`attempt ${attempt}`, () => agent.lease(['inspect'], 5), 60_000);
      expect(next.attempt).toBe(attempt);
    }
    const video = await until('the failure', async () => {
      const found = await caller.call('getVideo', { params: { id: videoId } });
      return found.state === 'failed' ? found : null;
    });
    expect(video.failure).toMatchObject({ stage: 'inspect', code: 'agent_lost', canRetry: true });
    expect(video.failure?.nextAction).toMatch(/agent/);
    expect((await task(lease.taskId)).state).toBe('failed');
    const retried = await caller.call('retryVideo', { params: { id: videoId } });
    expect(retried.state).toBe('inspecting');
    const fresh = await until('a fresh task', () => agent.lease(['inspect'], 5));
    expect(fresh.taskId).not.toBe(lease.taskId);
    await drop(videoId);
  });
});

describe('ending a lease', () => {
  test('complete twice has one effect', async () => {
    const { agent, lease, videoId } = await leaseNew();
    await agent.finish(lease);
    await agent.call('completeLease', {
      params: { id: lease.taskId },
      body: { leaseToken: lease.leaseToken, outputs: [], result: plainResult(lease) },
    });
    await until('the task to be done', async () => ((await task(lease.taskId)).state === 'done' ? true : null));
    await agent.call('completeLease', {
      params: { id: lease.taskId },
      body: { leaseToken: lease.leaseToken, outputs: [], result: plainResult(lease) },
    });
    // Events appear once no older transaction is running anywhere in PostgreSQL, so they are waited for.
    const done = await until('the events of the task', async () => {
      const { items } = await caller.call('listEvents', { query: { limit: 100 } });
      const found = items.filter((event) => event.videoId === videoId && event.type === 'task.done');
      return found.length === 0 ? null : found;
    });
    expect(done).toHaveLength(1);
    await drop(videoId);
  });

  test('another token, another agent and an unknown task are all lease_lost', async () => {
    const { agent, lease, videoId } = await leaseNew();
    const other = await enrolAgent(instance);
    expect(await codeOf(agent.renew({ ...lease, leaseToken: 'carmic_lease_made_up' }))).toBe('lease_lost');
    expect(await codeOf(other.renew(lease))).toBe('lease_lost');
    expect(await codeOf(agent.renew({ ...lease, taskId: 'a1b2c3d4-0000-4000-8000-000000000000' }))).toBe('lease_lost');
    expect((await task(lease.taskId)).state).toBe('leased');
    await drop(videoId);
  });

  test('complete with a missing output is refused and the lease goes on', async () => {
    const { agent, lease, videoId } = await leaseNew();
    const proxy = await agent.put(lease, 'proxy', Buffer.from('only the proxy'));
    const answer = codeOf(
      agent.call('completeLease', {
        params: { id: lease.taskId },
        body: { leaseToken: lease.leaseToken, outputs: [proxy], result: plainResult(lease) },
      }),
    );
    expect(await answer).toBe('invalid_input');
    expect((await agent.renew(lease)).isCancelled).toBe(false);
    await drop(videoId);
  });

  test('outputs that are not what was announced send the task back', async () => {
    const { agent, lease, videoId } = await leaseNew();
    const outputs = [];
    for (const name of ['proxy', 'thumbnail', 'analysis'] as const) {
      outputs.push(await agent.put(lease, name, Buffer.from(`the ${name}`)));
    }
    const lied = outputs.map((output) => (output.name === 'proxy' ? { ...output, sha256: 'f'.repeat(64) } : output));
    await agent.call('completeLease', {
      params: { id: lease.taskId },
      body: { leaseToken: lease.leaseToken, outputs: lied, result: plainResult(lease) },
    });
    const again = await until('the second attempt', () => agent.lease(['inspect'], 5));
    expect(again.attempt).toBe(2);
    await drop(videoId);
  });

  test('an analysis of another form sends the task back, although its checksum is right', async () => {
    const { agent, lease, videoId } = await leaseNew();
    const outputs = [];
    for (const name of ['proxy', 'thumbnail', 'analysis'] as const) {
      outputs.push(await agent.put(lease, name, Buffer.from('{"hopSeconds": "often"}')));
    }
    await agent.call('completeLease', {
      params: { id: lease.taskId },
      body: { leaseToken: lease.leaseToken, outputs, result: plainResult(lease) },
    });
    expect((await until('the second attempt', () => agent.lease(['inspect'], 5))).attempt).toBe(2);
    await drop(videoId);
  });

  test('release hands the task back at once and does not use up an attempt', async () => {
    const { agent, lease, videoId } = await leaseNew();
    let current = lease;
    for (let turn = 0; turn < 4; turn++) {
      await agent.call('releaseLease', { params: { id: current.taskId }, body: { leaseToken: current.leaseToken } });
      current = await until('the task again', () => agent.lease(['inspect'], 5));
      expect(current.taskId).toBe(lease.taskId);
    }
    await drop(videoId);
  });

  test('fail with a code that trying again cannot help ends the video with that code', async () => {
    const { agent, lease, videoId } = await leaseNew();
    const body = { leaseToken: lease.leaseToken, code: 'not_a_video', message: 'This file is no video.', isRetryable: false } as const;
    await agent.call('failLease', { params: { id: lease.taskId }, body });
    const video = await until('the failure', async () => {
      const found = await caller.call('getVideo', { params: { id: videoId } });
      return found.state === 'failed' ? found : null;
    });
    expect(video.failure).toMatchObject({ stage: 'inspect', code: 'not_a_video', message: 'This file is no video.', canRetry: false });
    expect(await codeOf(caller.call('retryVideo', { params: { id: videoId } }))).toBe('wrong_state');
  });

  test('deleting the video tells the agent to stop, refuses its files and leaves no byte (R5)', async () => {
    const { agent, lease, videoId } = await leaseNew();
    await agent.put(lease, 'proxy', Buffer.from('half of the work'));
    await drop(videoId);
    expect(await codeOf(agent.renew(lease).then((reply) => expect(reply.isCancelled).toBe(true)))).toMatch(/ok|lease_lost/);
    await expect(agent.put(lease, 'thumbnail', Buffer.from('late'))).rejects.toThrow(/409|404/);
    const { store, db } = instance.server.deps;
    await until('the bytes to be gone', async () => {
      for await (const object of store.list(`w/${caller.workspaceId}/v/${videoId}/`)) {
        return object === null ? true : null;
      }
      return true;
    });
    await until('the rows to be gone', async () =>
      (await db.asSystem((tx) => db.rows(tx, 'SELECT 1 FROM stored_objects WHERE video_id = :videoId', { videoId }))).length === 0
        ? true
        : null,
    );
  });
});

describe('fairness', () => {
  test('a workspace with many tasks does not delay the first task of another', async () => {
    const calm = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
    const busy = await calm.createCaller();
    const quiet = await calm.createCaller();
    const agent = await enrolAgent(calm);
    for (let index = 0; index < 5; index++) {
      await uploadVideo(busy.call, calm.baseUrl, Buffer.from(`busy ${index}`));
    }
    const only = await uploadVideo(quiet.call, calm.baseUrl, Buffer.from('quiet'));
    const { db } = calm.server.deps;
    await until('all to be queued', async () =>
      (await db.asSystem((tx) => db.model(MediaTasks).count({ where: { state: 'queued' }, transaction: tx }))) === 6 ? true : null,
    );
    const sources: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      sources.push((await until('a lease', () => agent.lease(['inspect'], 2))).spec.source.url);
    }
    expect(sources.some((url) => url.includes(only.id))).toBe(true);
    // One request takes one task, however many are waiting.
    expect(await db.asSystem((tx) => db.model(MediaTasks).count({ where: { state: 'leased' }, transaction: tx }))).toBe(2);
    await calm.stop();
  });
});
