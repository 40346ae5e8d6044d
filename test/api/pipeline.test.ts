/** The way of a video from upload to ready, with an agent that speaks the protocol and does no media work. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, type Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Videos } from '../../server/src/library/model.ts';
import { transcribeVideo } from '../../server/src/understanding/transcribeVideo.ts';
import { watch } from '../../server/src/watchdog.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;
let agent: ProtocolAgent;
beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_STALL_SECONDS: '1', CARMIC_QUEUE_TIMEOUT_SECONDS: '600' } });
  caller = await instance.createCaller();
  agent = await enrolAgent(instance);
});
afterAll(() => instance.stop());

const captions = Array.from({ length: 12 }, (_, index) => {
  const time = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
  return `${index + 1}\n${time(index * 4)} --> ${time(index * 4 + 4)}\nWhat happened in year ${index + 1}? We doubled the number of harbours we could serve.\n`;
}).join('\n');

const stateOf = async (id: string, owner = caller) => owner.call('getVideo', { params: { id } });
const untilState = (id: string, state: Video['state'], owner = caller) =>
  until(
    `the video to be ${state}`,
    async () => {
      const video = await stateOf(id, owner);
      return video.state === state ? video : null;
    },
    60_000,
  );

/** Does every task until the video is ready. */
async function workUntilReady(id: string): Promise<Video> {
  for (;;) {
    const lease = await agent.lease(['inspect', 'render'], 1);
    if (lease !== null) {
      await agent.renew(lease);
      await agent.finish(lease);
      continue;
    }
    const video = await stateOf(id);
    if (['ready', 'failed'].includes(video.state)) {
      return video;
    }
  }
}

describe('a video with captions', () => {
  let video: Video;
  beforeAll(async () => {
    video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a talk'), {
      captions,
      wishes: { clipCount: 2, aspects: ['9:16', '1:1'] },
    });
    video = await workUntilReady(video.id);
  });

  test('ends ready, with every stage done and in order', () => {
    expect(video.state).toBe('ready');
    expect(video.stages.map((stage) => `${stage.name} ${stage.state}`)).toEqual([
      'upload done',
      'inspect done',
      'transcript done',
      'highlights done',
      'render done',
    ]);
    const times = video.stages.map((stage) => Date.parse(stage.finishedAt ?? ''));
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  test('has clips on sentences, best first, each with parts that add up to its score, and a rendition per aspect', async () => {
    const { items } = await caller.call('listClips', { params: { id: video.id } });
    expect(items.length).toBeGreaterThan(0);
    expect(items.map((clip) => clip.score)).toEqual(items.map((clip) => clip.score).sort((a, b) => b - a));
    for (const clip of items) {
      const sum = clip.scoreParts.reduce((total, part) => total + part.points, 0);
      expect(Math.abs(sum - clip.score)).toBeLessThan(0.6);
      expect(clip.scoreParts.every((part) => part.reason.length > 10)).toBe(true);
      expect(clip.excerpt).toMatch(/\.$/);
      expect(clip.renditions.map((rendition) => `${rendition.aspect} ${rendition.state}`)).toEqual(['9:16 ready', '1:1 ready']);
      expect(clip.renditions[0]?.certificate[0]?.passed).toBe(true);
    }
  });

  test('can be downloaded under the clip’s title, and a further aspect rendered once however often it is asked for', async () => {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    const url = clip?.renditions[0]?.media.downloadUrl ?? '';
    const response = await fetch(new URL(url, instance.baseUrl));
    expect(await response.text()).toBe('the video');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    const ask = () => caller.call('createRendition', { params: { id: clip?.id ?? '' }, body: { aspect: '16:9' } });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second.id).toBe(first.id);
    expect(first.state).toBe('queued');
    await agent.finish(await until('the rendering', () => agent.lease(['render'], 5)));
    await until('it to be ready', async () =>
      (await caller.call('getRendition', { params: { id: first.id } })).state === 'ready' ? true : null,
    );
    expect((await stateOf(video.id)).state).toBe('ready');
  });

  test('a clip can be renamed, kept and discarded; the name is used from then on', async () => {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    const id = clip?.id ?? '';
    expect(await caller.call('updateClip', { params: { id }, body: { title: 'Häfen: “a” / b?', state: 'kept' } })).toMatchObject({
      title: 'Häfen: “a” / b?',
      state: 'kept',
    });
    expect((await caller.call('updateClip', { params: { id }, body: { state: 'discarded' } })).state).toBe('discarded');
    const fresh = await caller.call('getClip', { params: { id } });
    const response = await fetch(new URL(fresh.renditions[0]?.media.downloadUrl ?? '', instance.baseUrl));
    expect(decodeURIComponent(response.headers.get('content-disposition') ?? '')).toContain('Häfen');
  });

  test('a rendition that is rendering can be cancelled and started again; a finished one is removed with its files', async () => {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    const rendition = await caller.call('createRendition', { params: { id: clip?.id ?? '' }, body: { aspect: '4:5' } });
    const lease = await until('the rendering', () => agent.lease(['render'], 5));
    await caller.call('cancelRendition', { params: { id: rendition.id } });
    expect((await agent.renew(lease)).isCancelled).toBe(true);
    await agent.call('releaseLease', { params: { id: lease.taskId }, body: { leaseToken: lease.leaseToken } });
    expect((await caller.call('retryRendition', { params: { id: rendition.id } })).state).toBe('queued');
    await agent.finish(await until('the second rendering', () => agent.lease(['render'], 5)));
    const ready = await until('it to be ready', async () => {
      const found = await caller.call('getRendition', { params: { id: rendition.id } });
      return found.state === 'ready' ? found : null;
    });
    await caller.call('cancelRendition', { params: { id: rendition.id } });
    expect((await fetch(new URL(ready.media.videoUrl ?? '', instance.baseUrl))).status).toBe(404);
    await expect(caller.call('getRendition', { params: { id: rendition.id } })).rejects.toThrow(ApiError);
  });
});

describe('a video without words', () => {
  test('skips the transcript and says why, renders without captions, and is ready', async () => {
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('no words'), { wishes: { clipCount: 1 } });
    const done = await workUntilReady(video.id);
    expect(done.state).toBe('ready');
    expect(done.stages.find((stage) => stage.name === 'transcript')).toMatchObject({ state: 'skipped' });
    expect(done.notices.join(' ')).toMatch(/No speech engine is set up/);
    const { items } = await caller.call('listClips', { params: { id: video.id } });
    expect(items[0]?.renditions[0]?.captionStyle).toBe('none');
  });
});

describe('failures', () => {
  test('one rendering that fails leaves the others, and can be tried again by itself', async () => {
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('one fails'), {
      captions,
      wishes: { clipCount: 1, aspects: ['9:16', '1:1'] },
    });
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
    const lease = await until('a rendering', () => agent.lease(['render'], 10));
    const body = { leaseToken: lease.leaseToken, code: 'render_failed', message: 'The encoder gave up.', isRetryable: false } as const;
    await agent.call('failLease', { params: { id: lease.taskId }, body });
    const done = await workUntilReady(video.id);
    expect(done.state).toBe('ready');
    expect(done.notices.join(' ')).toMatch(/1 of 2 clips could not be rendered/);
    const renditions = (await caller.call('listClips', { params: { id: video.id } })).items.flatMap((clip) => clip.renditions);
    const failed = renditions.find((rendition) => rendition.state === 'failed');
    expect(failed?.failure).toMatchObject({ stage: 'render', code: 'render_failed', message: 'The encoder gave up.' });
    await caller.call('retryRendition', { params: { id: failed?.id ?? '' } });
    await agent.finish(await until('the second try', () => agent.lease(['render'], 5)));
    await until('it to be ready', async () =>
      (await caller.call('getRendition', { params: { id: failed?.id ?? '' } })).state === 'ready' ? true : null,
    );
  });

  test('when every rendering fails the video has failed at render, and a retry renders all of them again', async () => {
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('all fail'), { captions, wishes: { clipCount: 2 } });
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
    const first = await until('a rendering', () => agent.lease(['render'], 10));
    const total = (await caller.call('listClips', { params: { id: video.id } })).items.length;
    for (let lease = first, left = total; ;) {
      await agent.call('failLease', {
        params: { id: lease.taskId },
        body: { leaseToken: lease.leaseToken, code: 'agent_disk_full', message: 'The disk is full.', isRetryable: false },
      });
      left -= 1;
      if (left === 0) {
        break;
      }
      lease = await until('the next rendering', () => agent.lease(['render'], 10));
    }
    const failed = await untilState(video.id, 'failed');
    expect(failed.failure).toMatchObject({ stage: 'render', code: 'agent_disk_full', canRetry: true });
    await caller.call('retryVideo', { params: { id: video.id } });
    expect((await workUntilReady(video.id)).state).toBe('ready');
  });

  test('work nobody takes ends as failed with the next action (watchdog)', async () => {
    const lonely = await startInstance({ env: { CARMIC_QUEUE_TIMEOUT_SECONDS: '1', CARMIC_WATCHDOG_SECONDS: '1' } });
    const owner = await lonely.createCaller();
    const video = await uploadVideo(owner.call, lonely.baseUrl, Buffer.from('nobody comes'));
    const failed = await untilState(video.id, 'failed', owner);
    expect(failed.failure).toMatchObject({ stage: 'inspect', code: 'no_agent', canRetry: true });
    await lonely.stop();
  });

  test('a round of the watchdog does every one of its steps without an error', async () => {
    await expect(watch(instance.server.deps)).resolves.toBeUndefined();
  });

  test('a stage whose nudge was lost is nudged; one that never moves ends as stalled (watchdog)', async () => {
    const { deps } = instance.server;
    const videos = deps.db.model(Videos);
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('forgotten'), { captions });
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
    await untilState(video.id, 'rendering');
    const longAgo = new Date(Date.now() - 3_600_000);
    // As if the server had died right after the move, before anything was queued.
    await deps.db.asSystem(async (tx) => {
      await deps.db.change(tx, 'DELETE FROM media_tasks WHERE video_id = :id', { id: video.id });
      await deps.db.change(tx, "UPDATE renditions SET state = 'rendering' WHERE video_id = :id", { id: video.id });
      await videos.update(
        { updatedAt: longAgo, nudges: 0, stageTimes: { render: { startedAt: longAgo.toISOString() } } },
        { where: { id: video.id }, transaction: tx },
      );
    });
    const failed = await untilState(video.id, 'failed');
    expect(failed.failure).toMatchObject({ stage: 'render', code: 'stalled', canRetry: true });
    const nudges = await deps.db.asSystem((tx) => videos.findByPk(video.id, { transaction: tx }));
    expect(nudges?.state).toBe('failed');
  });
});

describe('Deepgram', () => {
  let deepgram: Server;
  let answer: { status: number; body: unknown };
  const requests: { url: string; authorization: string | undefined; bytes: number }[] = [];
  let beforeAnswer: () => Promise<void> = async () => undefined;
  let withKey: TestInstance;
  let owner: Caller;
  let worker: ProtocolAgent;

  beforeAll(async () => {
    deepgram = createServer((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on('end', () => {
        requests.push({ url: request.url ?? '', authorization: request.headers.authorization, bytes });
        void beforeAnswer().then(() => {
          response.writeHead(answer.status, { 'content-type': 'application/json', 'dg-request-id': 'req-1' });
          response.end(JSON.stringify(answer.body));
        });
      });
    });
    await new Promise<void>((resolve) => deepgram.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(deepgram.address() as AddressInfo).port}`;
    withKey = await startInstance({ env: { CARMIC_DEEPGRAM_KEY: 'test-key', CARMIC_DEEPGRAM_URL: url } });
    owner = await withKey.createCaller();
    worker = await enrolAgent(withKey);
  });
  afterAll(async () => {
    await withKey.stop();
    deepgram.closeAllConnections();
    await new Promise((resolve) => deepgram.close(resolve));
  });

  test('hears the audio, opted out of model improvement, and the audio is gone afterwards (A2, A4)', async () => {
    const words = ['We', 'found', 'a', 'harbour', 'nobody', 'knew.'].map((word, index) => ({
      word: word.toLowerCase().replace('.', ''),
      punctuated_word: word,
      start: index * 2,
      end: index * 2 + 1.5,
      confidence: 0.9,
      speaker: 0,
    }));
    answer = {
      status: 200,
      body: {
        metadata: {
          request_id: 'req-1',
          duration: 60,
          channels: 1,
          models: [],
          model_info: {},
          created: '',
          sha256: '',
          transaction_key: '',
        },
        results: { channels: [{ detected_language: 'en', alternatives: [{ transcript: '', confidence: 0.9, words }] }], utterances: [] },
      },
    };
    requests.splice(0);
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    beforeAnswer = () => held;
    const video = await uploadVideo(owner.call, withKey.baseUrl, Buffer.from('to be heard'), { wishes: { clipCount: 1 } });
    await worker.finish(await until('the inspection', () => worker.lease(['inspect'], 5)));
    const { db } = withKey.server.deps;
    await until('the request', async () => (requests.length > 0 ? true : null), 60_000);
    // The stage is woken by several events and by the watchdog, also at the same time; asked is once.
    const asked: string[] = [];
    const counting = {
      ...withKey.server.deps,
      jobs: { ...withKey.server.deps.jobs, enqueue: async (name: string) => void asked.push(name) },
    };
    const advance = () =>
      Promise.all(Array.from({ length: 4 }, () => transcribeVideo(counting, { id: video.id, workspaceId: owner.workspaceId })));
    await advance();
    expect(asked).toEqual([]);
    const notBegun = "UPDATE videos SET stage_times = stage_times #- '{transcript,engine}' WHERE id = :id";
    await db.asSystem((tx) => db.change(tx, notBegun, { id: video.id }));
    await advance();
    expect(asked).toEqual(['transcripts.deepgram']);
    goOn();
    const transcript = await until(
      'the transcript',
      () => owner.call('getTranscript', { params: { id: video.id } }).catch(() => null),
      60_000,
    );
    expect(transcript.words.map((word) => word.text)).toEqual(words.map((word) => word.punctuated_word));
    expect(transcript.engine).toMatch(/deepgram/i);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url).toContain('mip_opt_out=true');
    expect(requests[0]?.bytes).toBe('the audio'.length);
    expect(requests[0]?.authorization).toBe('Token test-key');
    await until('the audio to be gone', async () =>
      (await db.asSystem((tx) => db.rows(tx, "SELECT 1 FROM stored_objects WHERE kind = 'audio' AND state <> 'removed'"))).length === 0
        ? true
        : null,
    );
  });

  test('refusing the key ends the stage at once with what to do, and supplied captions go on from there', async () => {
    answer = { status: 401, body: { err_code: 'INVALID_AUTH', err_msg: 'Invalid credentials.', request_id: 'req-2' } };
    const before = requests.length;
    const video = await uploadVideo(owner.call, withKey.baseUrl, Buffer.from('refused'), { wishes: { clipCount: 1 } });
    await worker.finish(await until('the inspection', () => worker.lease(['inspect'], 5)));
    const failed = await untilState(video.id, 'failed', owner);
    expect(failed.failure).toMatchObject({ stage: 'transcript', code: 'transcription_refused', canRetry: true });
    expect(requests.length - before).toBe(1);
    await owner.call('putCaptions', {
      params: { id: video.id },
      body: { fileName: 'a.srt', contentBase64: Buffer.from(captions).toString('base64') },
    });
    await owner.call('retryVideo', { params: { id: video.id } });
    await untilState(video.id, 'rendering', owner);
  });
});
