/**
 * Agents of releases before this one, which a fleet still has in the middle of an upgrade: raw requests in the words of then, and every reply read as
 * that release reads it (test/fixtures/releases/agent-*.json, written when it was released).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Lease } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startServer } from '../../server/src/main.ts';
import { createLog } from '../../server/src/core/log.ts';
import { environmentOf } from '../support/carmicCommand.ts';
import { callerFor, type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { plainResult } from '../support/protocolAgent.ts';
import { sha256, uploadVideo } from '../support/upload.ts';

const folder = fileURLToPath(new URL('../fixtures/releases/', import.meta.url));
const releases = readdirSync(folder).filter((name) => /^agent-.*\.json$/.test(name));
type ReplyName = 'register' | 'announce' | 'lease' | 'renew';

/** What the first agents said of themselves: nothing that came later. */
const capabilities = {
  kinds: ['inspect', 'render'],
  ffmpegVersion: '5.1.9',
  encoders: [{ name: 'libx264', works: true, reason: 'Encoded two frames.' }],
  transcriptionModels: [],
  cpuCount: 2,
  sandbox: 'None.',
};

let instance: TestInstance;
let caller: Caller;
beforeAll(async () => {
  instance = await startInstance();
  caller = await instance.createCaller();
});
afterAll(() => instance.stop());

/** An agent that is nothing but requests, at a server that may change under it. */
function formerAgent(file: string) {
  const { version, replies } = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as {
    version: string;
    replies: Record<ReplyName, z.core.JSONSchema.BaseSchema>;
  };
  const state = { baseUrl: instance.baseUrl, token: '' };
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const reply = await fetch(`${state.baseUrl}/api/v1/agent/${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(state.token === '' ? {} : { authorization: `Bearer ${state.token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    expect(reply.status, text).toBeLessThan(300);
    return text === '' ? null : JSON.parse(text);
  };
  const understand = (name: ReplyName, reply: unknown) => {
    const { error } = z.fromJSONSchema(replies[name]).safeParse(reply);
    expect(error?.issues ?? [], `release ${version} does not understand what it gets for ${name}`).toEqual([]);
    return reply;
  };
  return {
    state,
    async register() {
      const body = { enrolmentCode: await instance.server.enrolmentCode(), name: `agent ${version}`, version, capabilities };
      const reply = understand('register', await send('POST', 'registrations', body)) as { token: string };
      state.token = reply.token;
    },
    async announce() {
      understand('announce', await send('PUT', 'self', { version, capabilities }));
    },
    async lease(): Promise<Lease | null> {
      const reply = understand('lease', await send('POST', 'leases', { kinds: ['inspect', 'render'], waitSeconds: 5 }));
      return (reply as { lease: Lease | null }).lease;
    },
    async work({ taskId, leaseToken, outputs: slots, spec, ...lease }: Lease) {
      understand('renew', await send('PATCH', `leases/${taskId}`, { leaseToken, progress: 0.5 }));
      const outputs = [];
      for (const { name, url, headers, contentType } of slots) {
        const analysis = {
          hopSeconds: 0.5,
          loudnessDb: [],
          peaks: [],
          motion: Array.from({ length: 120 }, (_, at) => at % 7),
          cutsSeconds: [],
        };
        const body = Buffer.from(name === 'analysis' ? JSON.stringify(analysis) : `the ${name}`);
        const reply = await fetch(url.replace(instance.baseUrl, state.baseUrl), {
          method: 'PUT',
          headers: { ...headers, 'content-type': contentType },
          body,
        });
        expect(reply.status).toBeLessThan(300);
        outputs.push({ name, sizeBytes: body.length, sha256: sha256(body) });
      }
      const result = plainResult({ taskId, leaseToken, outputs: slots, spec, ...lease });
      await send('PUT', `leases/${taskId}/completion`, { leaseToken, outputs, result });
    },
  };
}

/** Does every task until the video has ended. */
async function finish(agent: ReturnType<typeof formerAgent>, videoId: string): Promise<string> {
  return until(
    'the video to end',
    async () => {
      const lease = await agent.lease();
      if (lease !== null) {
        await agent.work(lease);
      }
      const { state } = await caller.call('getVideo', { params: { id: videoId } });
      return state === 'ready' || state === 'failed' ? state : null;
    },
    120_000,
  );
}

describe.each(releases)('an agent as in %s', (file) => {
  test('enrols, leases, renews and delivers: its video is ready', async () => {
    const agent = formerAgent(file);
    await agent.register();
    await agent.announce();
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('not really a video'), { wishes: { clipCount: 1 } });
    expect(await finish(agent, video.id)).toBe('ready');
  }, 180_000);

  test('goes on with its lease when the server it got it from is replaced by another beside it', async () => {
    const second = await startServer({
      env: { ...environmentOf(instance), CARMIC_PORT: '0', CARMIC_BASE_URL: '' },
      processes: ['web'],
      log: createLog({ level: 'silent' }),
    });
    try {
      const agent = formerAgent(file);
      await agent.register();
      const video = await uploadVideo(
        callerFor(() => second.baseUrl, caller.token),
        second.baseUrl,
        Buffer.from('another'),
        {
          wishes: { clipCount: 1 },
        },
      );
      const lease = await until('the first task', () => agent.lease(), 30_000);
      agent.state.baseUrl = second.baseUrl;
      await agent.work(lease);
      expect(await finish(agent, video.id)).toBe('ready');
    } finally {
      await second.close();
    }
  }, 180_000);
});

test('there is a release to hold this one against', () => {
  expect(releases).toContain('agent-0.1.0.json');
});
