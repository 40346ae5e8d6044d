import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;
let agent: ProtocolAgent;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
  caller = await instance.createCaller();
  agent = await enrolAgent(instance, ['inspect', 'render']);
});
afterAll(() => instance.stop());

/** Twelve sentences with a pause of two seconds and an "um" behind each. */
const captions = Array.from({ length: 12 }, (_, index) => {
  const time = (seconds: number) =>
    `00:00:${String(Math.floor(seconds)).padStart(2, '0')},${String(Math.round((seconds % 1) * 1000)).padStart(3, '0')}`;
  const from = index * 5;
  return `${index * 2 + 1}\n${time(from)} --> ${time(from + 2.5)}\nWhy did this damn thing number ${index} change everything?\n\n${index * 2 + 2}\n${time(from + 4.5)} --> ${time(from + 4.9)}\num\n`;
}).join('\n');

/** A video whose clips are suggested, and its first clip. */
async function suggestClip() {
  const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from(`a video ${Math.random()}`), { captions });
  const lease = await agent.lease(['inspect']);
  if (lease === null) {
    throw new Error('There is nothing to inspect.');
  }
  await agent.finish(lease);
  const deadline = Date.now() + 60_000;
  for (;;) {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    if (clip !== undefined) {
      return clip;
    }
    if (Date.now() > deadline) {
      throw new Error('No clip was suggested.');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Leases renderings, and leaves them, until the square one comes; only one is asked for here. */
async function leaseSquare(side = 1080) {
  for (;;) {
    const lease = await agent.lease(['render']);
    if (lease?.spec.kind !== 'render') {
      throw new Error('The rendering was not offered.');
    }
    if (lease.spec.output.width === side && lease.spec.output.height === side) {
      return lease.spec;
    }
  }
}

describe('the edit list of a clip', () => {
  test('pauses and filler words go, the version counts up, and undo and redo choose a version', async () => {
    const clip = await suggestClip();
    const params = { id: clip.id };
    expect(clip).toMatchObject({ editVersion: 1, segments: [{ startSeconds: clip.startSeconds, endSeconds: clip.endSeconds }] });
    const tightened = await caller.call('createClipEdit', { params, body: { kind: 'tighten', baseVersion: 1 } });
    expect(tightened.editVersion).toBe(2);
    expect(tightened.segments.length).toBeGreaterThan(2);
    expect(tightened.durationSeconds).toBeLessThan(clip.durationSeconds * 0.8);

    const { items } = await caller.call('listClipEdits', { params });
    expect(items.map((edit) => [edit.version, edit.kind])).toEqual([
      [2, 'tightened'],
      [1, 'suggested'],
    ]);
    expect(items[0]?.removed).toMatchObject({ fillers: expect.any(Number) });
    expect(items[0]?.removed?.fillers).toBeGreaterThan(1);

    const undone = await caller.call('chooseClipEdit', { params, body: { version: 1 } });
    expect([undone.editVersion, undone.segments]).toEqual([1, clip.segments]);
    const redone = await caller.call('chooseClipEdit', { params, body: { version: 2 } });
    expect([redone.editVersion, redone.segments]).toEqual([2, tightened.segments]);
  });

  test('undo leads to the version that one was made on, not to one that was left; redo to the newest that was made on it', async () => {
    const clip = await suggestClip();
    const params = { id: clip.id };
    const set = (baseVersion: number, endSeconds: number) =>
      caller.call('createClipEdit', { params, body: { kind: 'segments', baseVersion, segments: [{ startSeconds: 3, endSeconds }] } });
    const choose = (version: number) => caller.call('chooseClipEdit', { params, body: { version } });
    expect(clip).toMatchObject({ editVersion: 1, undoVersion: null, redoVersion: null });
    expect(await set(1, 20)).toMatchObject({ editVersion: 2, undoVersion: 1, redoVersion: null });
    expect(await set(2, 21)).toMatchObject({ editVersion: 3, undoVersion: 2, redoVersion: null });
    expect(await choose(2)).toMatchObject({ editVersion: 2, undoVersion: 1, redoVersion: 3 });
    expect(await choose(1)).toMatchObject({ editVersion: 1, undoVersion: null, redoVersion: 2 });
    expect(await set(1, 22)).toMatchObject({ editVersion: 4, undoVersion: 1, redoVersion: null });
    expect(await choose(1)).toMatchObject({ editVersion: 1, undoVersion: null, redoVersion: 4 });
    const { items } = await caller.call('listClipEdits', { params });
    expect(items.map(({ version, baseVersion }) => [version, baseVersion])).toEqual([
      [4, 1],
      [3, 2],
      [2, 1],
      [1, null],
    ]);
    // The page of all clips says the same, also of versions that were made before bases were kept.
    const onPage = async () => (await caller.call('listClips', { params: { id: clip.videoId } })).items.find(({ id }) => id === clip.id);
    expect(await onPage()).toMatchObject({ editVersion: 1, undoVersion: null, redoVersion: 4 });
    await choose(4);
    expect(await onPage()).toMatchObject({ editVersion: 4, undoVersion: 1, redoVersion: null });
    await choose(2);
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, 'UPDATE clip_edits SET base_version = NULL WHERE clip_id = :id', params));
    await choose(3);
    expect(await onPage()).toMatchObject({ editVersion: 3, undoVersion: 2, redoVersion: 4 });
    expect(await caller.call('getClip', { params })).toMatchObject({ undoVersion: 2, redoVersion: 4 });
  });

  test('a rendering is made from the version that held when it was asked for, and names it', async () => {
    const clip = await suggestClip();
    const params = { id: clip.id };
    const tightened = await caller.call('createClipEdit', { params, body: { kind: 'tighten', baseVersion: 1 } });
    const captionOptions = {
      look: { textColour: '#ff0000', position: 'top' as const },
      platform: 'tiktok' as const,
      profanity: { text: 'mask' as const, sound: 'beep' as const },
      breaks: [{ atSeconds: 10.4, kind: 'break' as const }],
    };
    const rendition = await caller.call('createRendition', { params, body: { aspect: '1:1', captionStyle: 'boxed', captionOptions } });
    expect(rendition).toMatchObject({ editVersion: 2, captionStyle: 'boxed', captionOptions });
    await caller.call('chooseClipEdit', { params, body: { version: 1 } });
    const spec = await leaseSquare();
    expect(spec.segments).toEqual(tightened.segments);
    expect(spec.captions).toMatchObject({ style: 'boxed', ...captionOptions });
    // The words between the spans are not sent along.
    expect(spec.captions?.words.some((word) => word.text === 'um')).toBe(false);
    const again = await caller.call('createRendition', { params, body: { aspect: '1:1', captionStyle: 'boxed', captionOptions } });
    expect([again.id === rendition.id, again.editVersion]).toEqual([false, 1]);
  });

  test('spans set by hand are checked, and two people who edit at once are told', async () => {
    const clip = await suggestClip();
    const params = { id: clip.id };
    const set = (baseVersion: number, segments: { startSeconds: number; endSeconds: number }[]) =>
      caller.call('createClipEdit', { params, body: { kind: 'segments', baseVersion, segments } });
    const spans = [
      { startSeconds: 20, endSeconds: 22 },
      { startSeconds: 3, endSeconds: 4.5 },
    ];
    const results = await Promise.allSettled([set(1, spans), set(1, spans)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(set(1, spans)).rejects.toMatchObject({ code: 'conflict' });
    await expect(set(2, [{ startSeconds: 5, endSeconds: 5.01 }])).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(set(2, [{ startSeconds: 50, endSeconds: 90 }])).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(caller.call('chooseClipEdit', { params, body: { version: 9 } })).rejects.toMatchObject({ code: 'not_found' });
    expect(await caller.call('getClip', { params })).toMatchObject({
      segments: spans,
      durationSeconds: 3.5,
      startSeconds: 3,
      endSeconds: 22,
    });

    const stranger = await instance.createCaller();
    await expect(stranger.call('listClipEdits', { params })).rejects.toMatchObject({ code: 'not_found' });
    await expect(stranger.call('chooseClipEdit', { params, body: { version: 1 } })).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('how a rendition is framed and how large it is reach the agent; another wish is another rendition', async () => {
  const clip = await suggestClip();
  const params = { id: clip.id };
  const framing = { keyframes: [{ atSeconds: 0, x: 0.25, y: 0.5 }], zoom: 1.5 };
  const body = { aspect: '1:1' as const, framing, shortSide: 720, codec: 'hevc' as const };
  const rendition = await caller.call('createRendition', { params, body });
  expect(await caller.call('createRendition', { params, body })).toMatchObject({
    id: rendition.id,
    width: 720,
    height: 720,
    shots: [],
    codec: 'hevc',
  });
  const spec = await leaseSquare(720);
  expect(spec).toMatchObject({ framing, output: { width: 720, height: 720, codec: 'hevc' }, analysisKey: clip.videoId });
  const other = await caller.call('createRendition', { params, body: { ...body, framing: { layout: 'fit' } } });
  expect(other.id).not.toBe(rendition.id);
  expect((await caller.call('createRendition', { params, body: { ...body, codec: undefined } })).id).not.toBe(rendition.id);
});
