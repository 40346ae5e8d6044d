import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Rendition } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { requireOrSkip } from '../support/requirements.ts';
import { uploadVideo } from '../support/upload.ts';

const run = promisify(execFile);
let instance: TestInstance;
let caller: Caller;
let agent: ProtocolAgent;
let rendition: Rendition;
let directory: string;
const segments = [
  { startSeconds: 10, endSeconds: 12.5 },
  { startSeconds: 30.02, endSeconds: 33 },
  { startSeconds: 4, endSeconds: 5 },
];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'carmic-exports-'));
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
  caller = await instance.createCaller();
  agent = await enrolAgent(instance);
  const wishes = { clipCount: 1 };
  const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('to be exported'), {
    fileName: 'My <talk> & "more".mov',
    wishes,
  });
  const inspection = await agent.lease(['inspect']);
  if (inspection === null) {
    throw new Error('There is nothing to inspect.');
  }
  await agent.finish(inspection);
  const clip = await until(async () => (await caller.call('listClips', { params: { id: video.id } })).items[0]);
  await caller.call('updateClip', { params: { id: clip.id }, body: { title: 'A < B & "C"' } });
  await caller.call('createClipEdit', { params: { id: clip.id }, body: { kind: 'segments', baseVersion: 1, segments } });
  const { id } = await caller.call('createRendition', { params: { id: clip.id }, body: { aspect: '1:1' } });
  for (let lease = await agent.lease(['render']); lease?.spec.kind === 'render'; lease = await agent.lease(['render'])) {
    await agent.finish(lease);
    if (lease.spec.output.width === lease.spec.output.height) {
      break;
    }
  }
  rendition = await until(async () => {
    const found = await caller.call('getRendition', { params: { id } });
    return found.state === 'ready' ? found : undefined;
  });
});
afterAll(async () => {
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const found = await read();
    if (found !== undefined) {
      return found;
    }
  }
  throw new Error('It did not come in time.');
}

const fetchExport = (format: string, token = caller.token) =>
  fetch(`${instance.baseUrl}/api/v1/renditions/${rendition.id}/exports/${format}`, {
    // A connection that idles while Python works may be closed by the server just when it is used again.
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  });

async function saveExport(format: string): Promise<string> {
  const reply = await fetchExport(format);
  expect(reply.status, format).toBe(200);
  expect(reply.headers.get('content-disposition'), format).toMatch(new RegExp(`^attachment; .*\\.${format}`));
  const path = join(directory, `cut.${format}`);
  writeFileSync(path, Buffer.from(await reply.arrayBuffer()));
  return path;
}

/** What OpenTimelineIO's own readers find in a file: the spans of the source, in seconds, of its first picture track. */
const readTimeline = `
import json, sys, opentimelineio as otio
from otio_fcpx_xml_adapter import fcpx_xml
from otio_cmx3600_adapter import cmx_3600
path = sys.argv[1]
if path.endswith('.fcpxml'):
    found = fcpx_xml.read_from_string(open(path).read())
elif path.endswith('.edl'):
    found = cmx_3600.read_from_string(open(path).read(), rate=30)
else:
    found = otio.adapters.read_from_file(path)
if isinstance(found, otio.schema.SerializableCollection):
    found = found[0]
timeline = found if isinstance(found, otio.schema.Timeline) else next(iter(found.find_children(descended_from_type=otio.schema.Timeline)))
track = timeline.video_tracks()[0]
spans = [[c.source_range.start_time.to_seconds(), c.source_range.duration.to_seconds()] for c in track.find_clips()]
print(json.dumps({'name': timeline.name, 'spans': spans, 'seconds': track.duration().to_seconds(),
  'kinds': sorted({t.kind for t in timeline.tracks})}))
`;

describe('a cut for editing programs', () => {
  test.for(['otio', 'fcpxml', 'edl'])('as %s is read by a parser that nobody here wrote, span by span', async (format, context) => {
    const packages = requireOrSkip(context, 'opentimelineio');
    const path = await saveExport(format);
    const { stdout } = await run('python3', ['-c', readTimeline, path], { env: { ...process.env, PYTHONPATH: packages } });
    const found = JSON.parse(stdout) as { name: string; spans: [number, number][]; seconds: number };
    expect(found.name).toBe('A < B & "C"');
    const wanted = segments.map(({ startSeconds, endSeconds }) => [
      Math.round(startSeconds * 30) / 30,
      (Math.round(endSeconds * 30) - Math.round(startSeconds * 30)) / 30,
    ]);
    expect(found.spans).toHaveLength(wanted.length);
    for (const [index, [start = 0, length = 0]] of wanted.entries()) {
      expect(found.spans[index]?.[0]).toBeCloseTo(start, 5);
      expect(found.spans[index]?.[1]).toBeCloseTo(length, 5);
    }
    expect(found.seconds).toBeCloseTo(
      wanted.reduce((sum, [, length = 0]) => sum + length, 0),
      5,
    );
  });
});

describe('everything in one ZIP', () => {
  test('opens, holds every file whole, and says its size beforehand', async () => {
    const reply = await fetchExport('zip');
    const bytes = Buffer.from(await reply.arrayBuffer());
    expect(Number(reply.headers.get('content-length'))).toBe(bytes.length);
    const path = join(directory, 'all.zip');
    writeFileSync(path, bytes);
    const script =
      'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps({n: z.read(n).decode() for n in z.namelist()}))';
    const { stdout } = await run('python3', ['-c', script, path]);
    const entries = JSON.parse(stdout) as Record<string, string>;
    expect(entries).toMatchObject({
      'clip.mp4': 'the video',
      'captions.srt': 'the srt',
      'captions.ass': 'the ass',
      'transcript.json': 'the words',
    });
    expect(Object.keys(entries)).toEqual(expect.arrayContaining(['cover.jpg', 'captions.vtt', 'cut.otio', 'cut.fcpxml', 'cut.edl']));
  });

  test('holds the cover that was chosen as the cover, and so does the API', async () => {
    const choose = (cover: 1 | 2 | 3) => caller.call('updateClip', { params: { id: rendition.clipId }, body: { cover } });
    expect(rendition.media.coverUrls).toHaveLength(3);
    const chosen = await choose(3);
    const found = chosen.renditions.find(({ id }) => id === rendition.id);
    expect([chosen.cover, await (await fetch(new URL(found?.media.coverUrl ?? '', instance.baseUrl))).text()]).toEqual([3, 'the cover3']);
    const path = join(directory, 'chosen.zip');
    writeFileSync(path, Buffer.from(await (await fetchExport('zip')).arrayBuffer()));
    const script =
      'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nprint([z.read(n).decode() for n in ("cover.jpg","cover-2.jpg","cover-3.jpg")])';
    expect((await run('python3', ['-c', script, path])).stdout.trim()).toBe("['the cover3', 'the cover2', 'the cover']");
    await choose(1);
    await expect(choose(4 as 3)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('is for those who may see the clip, and for nobody else', async () => {
    const stranger = await instance.createCaller();
    for (const format of ['otio', 'fcpxml', 'edl', 'zip']) {
      expect((await fetchExport(format, stranger.token)).status, format).toBe(404);
      expect((await fetch(`${instance.baseUrl}/api/v1/renditions/${rendition.id}/exports/${format}`)).status, format).toBe(401);
    }
    expect((await fetchExport('exe')).status).toBe(400);
  });
});
