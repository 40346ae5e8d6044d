import { randomBytes } from 'node:crypto';
import { ApiError } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { cutParts, putPart, sha256, uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;
beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_MAX_UPLOAD_BYTES: '40000000' } });
  caller = await instance.createCaller();
});
afterAll(() => instance.stop());

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ApiError ? `${error.code}: ${error.message}` : String(error)),
  );
const srt = (text: string) => Buffer.from(text).toString('base64');

describe('an upload', () => {
  test('goes in parts, goes on after a restart of the server, and is whole in the end', async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 17);
    const { video, upload } = await caller.call('createVideo', { body: { fileName: 'a talk.mov', sizeBytes: bytes.length } });
    expect(upload.partCount).toBe(3);
    expect(video).toMatchObject({ title: 'a talk', state: 'uploading', uploadId: upload.id });
    const [one, two, three] = cutParts(upload, bytes);
    if (one === undefined || two === undefined || three === undefined) {
      throw new Error('Three parts were planned.');
    }
    expect((await putPart(caller.call, instance.baseUrl, upload, two)).status).toBe(200);
    await instance.restart();
    const resumed = await caller.call('getUpload', { params: { id: upload.id } });
    expect(resumed.storedParts).toEqual([{ partNumber: 2, sha256: two.sha256 }]);
    await Promise.all([one, three].map((part) => putPart(caller.call, instance.baseUrl, upload, part)));
    const parts = [one, two, three].map(({ partNumber, sha256: digest }) => ({ partNumber, sha256: digest }));
    await caller.call('completeUpload', { params: { id: upload.id }, body: { parts } });
    expect((await caller.call('completeUpload', { params: { id: upload.id }, body: { parts } })).id).toBe(video.id);
    const agent = await enrolAgent(instance);
    const lease = await until('the inspection', () => agent.lease(['inspect'], 5));
    const stored = Buffer.from(await (await fetch(lease.spec.source.url)).arrayBuffer());
    expect(sha256(stored)).toBe(sha256(bytes));
    const middle = await fetch(lease.spec.source.url, { headers: { range: 'bytes=9000000-9000099' } });
    expect(middle.status).toBe(206);
    expect(Buffer.from(await middle.arrayBuffer()).equals(bytes.subarray(9_000_000, 9_000_100))).toBe(true);
    await caller.call('deleteVideo', { params: { id: video.id } });
  });

  test('a part with other bytes than announced is refused and not kept', async () => {
    const { upload } = await caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 100 } });
    const response = await putPart(caller.call, instance.baseUrl, upload, {
      partNumber: 1,
      sha256: sha256(Buffer.alloc(100, 1)),
      body: Buffer.alloc(100, 2),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'checksum_mismatch' } });
    expect((await caller.call('getUpload', { params: { id: upload.id } })).storedParts).toEqual([]);
    expect(
      await messageOf(
        caller.call('completeUpload', { params: { id: upload.id }, body: { parts: [{ partNumber: 1, sha256: 'a'.repeat(64) }] } }),
      ),
    ).not.toBe('ok');
  });

  test('completing with parts missing says how many, and the upload stays open', async () => {
    const { upload } = await caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 17_000_000 } });
    const [part] = cutParts(upload, Buffer.alloc(17_000_000, 3));
    if (part === undefined) {
      throw new Error('A part was planned.');
    }
    await putPart(caller.call, instance.baseUrl, upload, part);
    const named = { params: { id: upload.id }, body: { parts: [{ partNumber: 1, sha256: part.sha256 }] } };
    expect(await messageOf(caller.call('completeUpload', named))).toMatch(/invalid_input: This upload has 3 parts, and 1 were named/);
    expect((await caller.call('getUpload', { params: { id: upload.id } })).state).toBe('open');
  });

  test('an empty file and one over the limit are refused before any byte is sent', async () => {
    expect(await messageOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 0 } }))).toMatch(
      /invalid_input: This file is empty/,
    );
    expect(await messageOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 50_000_000 } }))).toMatch(
      /payload_too_large: This file has 0.1 GB/,
    );
  });

  test('giving it up removes the parts and the video', async () => {
    const { video, upload } = await caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 100 } });
    const [part] = cutParts(upload, Buffer.alloc(100, 1));
    if (part === undefined) {
      throw new Error('A part was planned.');
    }
    await putPart(caller.call, instance.baseUrl, upload, part);
    await caller.call('abortUpload', { params: { id: upload.id } });
    expect(await messageOf(caller.call('getVideo', { params: { id: video.id } }))).toMatch(/^not_found/);
    expect((await putPart(caller.call, instance.baseUrl, upload, part).catch((error: unknown) => error)) instanceof ApiError).toBe(true);
    await until('the row to be gone', async () => {
      const { db } = instance.server.deps;
      return (await db.asSystem((tx) => db.rows(tx, 'SELECT 1 FROM videos WHERE id = :id', { id: video.id }))).length === 0 ? true : null;
    });
  });

  test('names that could break something are shown literally', async () => {
    for (const fileName of ['-y.mp4', '../../x', "a'b:c,[d]", '%{}', 'line\nbreak.mp4', '<img src=x onerror=alert(1)>.mp4']) {
      const { video } = await caller.call('createVideo', { body: { fileName, sizeBytes: 10 } });
      expect(video.fileName).toBe(fileName);
      await caller.call('deleteVideo', { params: { id: video.id } });
    }
  });

  test('one that is never finished ends by itself', async () => {
    const brief = await startInstance({ env: { CARMIC_UPLOAD_EXPIRY_SECONDS: '1', CARMIC_WATCHDOG_SECONDS: '1' } });
    const owner = await brief.createCaller();
    const { video } = await owner.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 100 } });
    await until('it to be gone', async () =>
      (await messageOf(owner.call('getVideo', { params: { id: video.id } }))) === 'ok' ? null : true,
    );
    await brief.stop();
  });
});

describe('supplied captions', () => {
  const put = async (contentBase64: string, fileName = 'talk.srt') => {
    const { video } = await caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 10 } });
    return { video, answer: await messageOf(caller.call('putCaptions', { params: { id: video.id }, body: { fileName, contentBase64 } })) };
  };

  test('become words with times, whatever the encoding and line ends', async () => {
    const text = '1\r\n00:00:01,000 --> 00:00:03,000\r\nGrüße an alle.\r\n';
    for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from(text, 'latin1')]) {
      const { video, answer } = await put(bytes.toString('base64'));
      expect(answer).toBe('ok');
      const transcript = await caller.call('getTranscript', { params: { id: video.id } });
      expect(transcript.words.map((word) => word.text)).toEqual(['Grüße', 'an', 'alle.']);
      expect(transcript.words[0]?.startSeconds).toBeCloseTo(1, 1);
    }
  });

  test('that make no sense are refused with what is wrong, and the video stays', async () => {
    const { video, answer } = await put(srt('1\n00:00:xx --> never\nHello\n'));
    expect(answer).toMatch(/^captions_invalid: .{20,}/);
    expect((await put(srt(''))).answer).toMatch(/^captions_invalid/);
    expect((await put(randomBytes(2000).toString('base64'))).answer).toMatch(/^captions_invalid/);
    expect((await caller.call('getVideo', { params: { id: video.id } })).state).toBe('uploading');
  });

  test('are stored encrypted: the sentence is in no file and no row (S1)', async () => {
    const sentence = 'The purple walrus signs the merger on Thursday.';
    await put(srt(`1\n00:00:00,000 --> 00:00:09,000\n${sentence}\n`));
    const { readFileSync, readdirSync } = await import('node:fs');
    const files = readdirSync(instance.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      expect(readFileSync(`${file.parentPath}/${file.name}`).includes('walrus'), file.name).toBe(false);
    }
    const { db } = instance.server.deps;
    for (const table of ['transcripts', 'videos', 'clips', 'events', 'stored_objects', 'idempotency_keys', 'agenda_jobs']) {
      const rows = await db.asSystem((tx) => db.rows<{ row: string }>(tx, `SELECT t::text AS row FROM ${table} t`));
      expect(
        rows.some(({ row }) => row.includes('walrus')),
        table,
      ).toBe(false);
    }
  });
});

describe('lists and repeated requests', () => {
  test('pages are newest first and complete', async () => {
    const owner = await instance.createCaller();
    const ids = [];
    for (let index = 0; index < 7; index++) {
      ids.push((await owner.call('createVideo', { body: { fileName: `${index}.mp4`, sizeBytes: 10 } })).video.id);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await owner.call('listVideos', { query: { limit: 3, ...(cursor === undefined ? {} : { cursor }) } });
      seen.push(...page.items.map((video) => video.id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([...ids].reverse());
    expect(await messageOf(owner.call('listVideos', { query: { cursor: 'made-up' } }))).toMatch(/^invalid_input/);
  });

  test('the same Idempotency-Key answers the same video; with another body it is refused', async () => {
    const create = (fileName: string) => caller.call('createVideo', { body: { fileName, sizeBytes: 10 } }, { idempotencyKey: 'key-1' });
    const [first, second] = [await create('same.mp4'), await create('same.mp4')];
    expect(second).toEqual(first);
    expect(await messageOf(create('other.mp4'))).toMatch(/^idempotency_mismatch/);
    const elsewhere = await instance.createCaller();
    expect(
      (await elsewhere.call('createVideo', { body: { fileName: 'same.mp4', sizeBytes: 10 } }, { idempotencyKey: 'key-1' })).video.id,
    ).not.toBe(first.video.id);
  });

  test('20 requests at once with one Idempotency-Key make one video', async () => {
    const owner = await instance.createCaller();
    await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        owner.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 10 } }, { idempotencyKey: 'at-once' }),
      ),
    );
    expect((await owner.call('listVideos')).items).toHaveLength(1);
  });

  test('a failed request does not use its key up', async () => {
    const key = { idempotencyKey: 'retry-me' };
    expect(await messageOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 0 } }, key))).toMatch(/^invalid_input/);
    expect(await messageOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 5 } }, key))).toBe('ok');
  });
});

describe('content of a deleted video', () => {
  test('is gone for every URL ever given out, at once (R5)', async () => {
    const agent = await enrolAgent(instance);
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('to be deleted'));
    const lease = await until('the inspection', () => agent.lease(['inspect'], 5));
    await agent.finish(lease);
    const url = await until('the thumbnail', async () => (await caller.call('getVideo', { params: { id: video.id } })).media.thumbnailUrl);
    expect((await fetch(new URL(url, instance.baseUrl))).status).toBe(200);
    expect((await fetch(lease.spec.source.url)).status).toBe(200);
    await caller.call('deleteVideo', { params: { id: video.id } });
    for (const old of [url, lease.spec.source.url]) {
      expect((await fetch(new URL(old, instance.baseUrl))).status).toBe(404);
    }
    expect(await messageOf(caller.call('getVideo', { params: { id: video.id } }))).toMatch(/^not_found/);
  });
});
