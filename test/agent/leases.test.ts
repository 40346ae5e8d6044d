/** Faults in the middle of the work: a real agent with a real ffmpeg against a real server. */
import type { Video } from '@carmic/contract';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MediaTasks } from '../../server/src/agents/model.ts';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { makeTalk, readMedia } from '../support/media.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;
let longTalk: Buffer;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '4', CARMIC_RENEW_SECONDS: '0.5', CARMIC_WATCHDOG_SECONDS: '1' } });
  caller = await instance.createCaller();
  longTalk = readMedia(await makeTalk({ seconds: 10 }));
});
afterEach(async () => {
  for (const { id } of (await caller.call('listVideos', { query: { limit: 100 } })).items) {
    await caller.call('deleteVideo', { params: { id } });
  }
  await Promise.all(agents.splice(0).map((agent) => agent.remove()));
});
afterAll(() => instance.stop());

async function startAgent(options: Parameters<typeof startAgentProcess>[1] = {}): Promise<AgentProcess> {
  const agent = await startAgentProcess(instance, options);
  agents.push(agent);
  return agent;
}

const { tasksOf, taskOf } = {
  tasksOf: (videoId: string) =>
    instance.server.deps.db.asSystem((tx) =>
      instance.server.deps.db.model(MediaTasks).findAll({ where: { videoId, kind: 'render' }, order: ['createdAt'], transaction: tx }),
    ),
  taskOf: async (videoId: string) => {
    const [task] = await tasksOf(videoId);
    return task ?? null;
  },
};

/** Uploads the long talk and waits until its only rendering is being encoded. */
async function startEncoding(agent: AgentProcess): Promise<{ video: Video; taskId: string }> {
  const video = await uploadVideo(caller.call, instance.baseUrl, longTalk, {
    wishes: { clipCount: 1, minClipSeconds: 8, maxClipSeconds: 10 },
  });
  const task = await until(
    'the encode',
    async () => {
      const failed = await caller.call('getVideo', { params: { id: video.id } });
      if (failed.state === 'failed') {
        throw new Error(`It failed instead: ${JSON.stringify(failed.failure)}\n${agent.log()}`);
      }
      const found = await taskOf(video.id);
      return found?.state === 'leased' && found.progress > 0.02 && agents.some((candidate) => candidate.workers().length > 0)
        ? found
        : null;
    },
    90_000,
  );
  return { video, taskId: task.id };
}

const untilReady = (videoId: string) =>
  until(
    'the video to be ready',
    async () => {
      const video = await caller.call('getVideo', { params: { id: videoId } });
      if (video.state === 'failed') {
        throw new Error(`It failed: ${JSON.stringify(video.failure)}`);
      }
      return video.state === 'ready' ? video : null;
    },
    150_000,
  );
const goneWithin = async (agent: AgentProcess, ms: number): Promise<number> => {
  const startedAt = performance.now();
  await until('ffmpeg to be gone', async () => (agent.workers().length === 0 ? true : null), ms);
  return performance.now() - startedAt;
};

describe('in the middle of an encode', () => {
  test('kill -9 of the agent: its ffmpeg goes with it, and another agent finishes', async () => {
    const first = await startAgent();
    const { video, taskId } = await startEncoding(first);
    first.child.kill('SIGKILL');
    await first.exited;
    await goneWithin(first, 3000);
    await startAgent();
    await untilReady(video.id);
    expect(await taskOf(video.id)).toMatchObject({ id: taskId, state: 'done', attempt: 2 });
  });

  test('an agent that freezes loses its lease; when it wakes it stops, and the other’s result stands', async () => {
    const first = await startAgent();
    const { video } = await startEncoding(first);
    first.child.kill('SIGSTOP');
    const second = await startAgent();
    await until('the second agent to have it', async () => (((await taskOf(video.id))?.attempt ?? 0) >= 2 ? true : null), 60_000);
    first.child.kill('SIGCONT');
    await goneWithin(first, 5000);
    await untilReady(video.id);
    expect(await taskOf(video.id)).toMatchObject({ state: 'done', attempt: 2 });
    expect(first.scratchFiles()).toEqual([]);
    expect(second.child.exitCode).toBeNull();
  });

  test('a restart of the server: the same agent goes on and finishes its first attempt', async () => {
    const agent = await startAgent();
    const { video } = await startEncoding(agent);
    await instance.restart(() => new Promise((resolve) => setTimeout(resolve, 2500)));
    await untilReady(video.id);
    expect(await taskOf(video.id)).toMatchObject({ state: 'done', attempt: 1 });
  });

  test('cancelling ends ffmpeg within two seconds and leaves no file', async () => {
    const agent = await startAgent();
    const { video } = await startEncoding(agent);
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    await caller.call('cancelRendition', { params: { id: clip?.renditions[0]?.id ?? '' } });
    expect(await goneWithin(agent, 2000)).toBeLessThan(2000);
    await until('the scratch to be empty', async () => (agent.scratchFiles().length === 0 ? true : null), 3000);
    const { store } = instance.server.deps;
    const leftovers = async () => {
      const keys: string[] = [];
      for await (const object of store.list(`w/${caller.workspaceId}/v/${video.id}/`)) {
        keys.push(object.key);
      }
      return keys.filter((key) => /\/(video|cover|srt|vtt)$/.test(key));
    };
    await until('no output to be left', async () => ((await leftovers()).length === 0 ? true : null));
  });

  test('deleting the video does the same', async () => {
    const agent = await startAgent();
    const { video } = await startEncoding(agent);
    await caller.call('deleteVideo', { params: { id: video.id } });
    expect(await goneWithin(agent, 2000)).toBeLessThan(2000);
    await until('the scratch to be empty', async () => (agent.scratchFiles().length === 0 ? true : null), 3000);
  });

  test('SIGTERM drains: the task goes back unharmed, the agent ends with 0, and another finishes', async () => {
    const agent = await startAgent();
    const { video } = await startEncoding(agent);
    agent.child.kill('SIGTERM');
    expect(await Promise.race([agent.exited, new Promise((resolve) => setTimeout(resolve, 10_000, 'still running'))])).toBe(0);
    expect(agent.workers()).toEqual([]);
    expect(agent.scratchFiles()).toEqual([]);
    expect(await taskOf(video.id)).toMatchObject({ state: 'queued', attempt: 1, maxAttempts: 4 });
    await startAgent({ directory: agent.directory });
    await untilReady(video.id);
  });
});

test('two agents share the renderings of one video, and none is done twice', async () => {
  await Promise.all([startAgent(), startAgent()]);
  const video = await uploadVideo(caller.call, instance.baseUrl, readMedia(await makeTalk({ seconds: 30 })), {
    wishes: { clipCount: 2, minClipSeconds: 6, maxClipSeconds: 8 },
  });
  await untilReady(video.id);
  const tasks = await tasksOf(video.id);
  expect(tasks.length).toBeGreaterThan(1);
  expect(tasks.map((task) => task.attempt)).toEqual(tasks.map(() => 1));
});
