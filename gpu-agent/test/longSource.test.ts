/** Sources that are long and large: only what a clip needs is read of them, and the agent does not grow with them. */
import { copyFileSync, ftruncateSync, openSync, closeSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type RenderSpec, renderResultSchema, type Word } from '@carmic/contract';
import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFramer, type Framer } from '../src/framing/framer.ts';
import { probeSource } from '../src/media/probe.ts';
import { startAgentProcess, until, withNetworks } from './support/agentProcess.ts';
import { enrolmentCode, startContractServer } from './support/contractServer.ts';
import { countLooks, type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';
import { renderFile } from './support/renderFile.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const hours = 3;
const seconds = hours * 3600;
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const sound = ['-f', 'lavfi', '-i', 'sine=frequency=220:sample_rate=48000', '-c:a', 'aac', '-b:a', '64k'];
const loudness = { integratedLufs: -14, truePeakDbtp: -1 };
const limits = { durationSeconds: 4 * 3600, framePixels: 40e6 };
let engine: Engine;
let framer: Framer;

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
});
afterAll(async () => {
  await framer.close();
  await engine.close();
  folder.remove();
});

/** A short piece again and again, copied and not encoded, until it is as long as wanted. */
function loop(piece: string, pieceSeconds: number, name: string): Promise<string> {
  return makeMedia(path(name), ['-stream_loop', String(seconds / pieceSeconds - 1), '-i', piece, '-map', '0', '-c', 'copy']);
}

it(`rendering one minute out of ${hours} hours reads less than 3 % of the file`, async () => {
  // Still pictures are looked at quickly, and noise makes them large.
  const ground = 'color=0x406080:size=640x360:rate=10,noise=alls=30';
  const piece = await makeMedia(path('piece.mp4'), [
    ...['-f', 'lavfi', '-i', ground, ...sound, '-t', '8', ...x264, '-g', '20', '-b:v', '900k', '-maxrate', '1M', '-bufsize', '2M'],
  ]);
  const file = await loop(piece, 8, 'long.mp4');
  const { probe } = await probeSource(engine.contextFor(file), limits);
  expect(probe.durationSeconds).toBeGreaterThan(seconds - 60);
  const before = engine.bytesReadOf(file);
  const segments = [{ startSeconds: 5400, endSeconds: 5460 }];
  const { result } = await renderFile(engine, framer, file, { probe, segments, output: { width: 90, height: 160, maxFrameRate: 30 } });
  expect(result.frameCount).toBe(1438);
  const share = (engine.bytesReadOf(file) - before) / statSync(file).size;
  process.stderr.write(`one minute of ${hours} hours: ${(share * 100).toFixed(2)} % of ${Math.round(statSync(file).size / 1e6)} MB read\n`);
  expect(share).toBeLessThan(0.03);
});

/** Puts a hole of nothing between the pictures of a file and its index, which is written last: the file grows, and its disk does not. */
function makeSparse(file: string, name: string, sizeBytes: number): string {
  const whole = readFileSync(file);
  let at = 0;
  while (whole.toString('latin1', at + 4, at + 8) !== 'moov') {
    at += whole.readUInt32BE(at) === 1 ? Number(whole.readBigUInt64BE(at + 8)) : whole.readUInt32BE(at);
  }
  const index = whole.subarray(at);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(1, 0);
  head.write('free', 4, 'latin1');
  head.writeBigUInt64BE(BigInt(sizeBytes - whole.length), 8);
  copyFileSync(file, path(name));
  const opened = openSync(path(name), 'r+');
  ftruncateSync(opened, sizeBytes);
  writeSync(opened, head, 0, head.length, at);
  writeSync(opened, index, 0, index.length, sizeBytes - index.length);
  const check = Buffer.alloc(4);
  readSync(opened, check, 0, 4, sizeBytes - index.length + 4);
  closeSync(opened);
  expect(check.toString('latin1')).toBe('moov');
  return path(name);
}

/** Most memory an agent ever held, with the processes that look at pictures for it, in megabytes. */
function peakMegabytes(pid = 0): number {
  const kilobytes = withNetworks(pid).map((part) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${part}/status`, 'utf8'))?.[1]));
  expect(kilobytes.length, 'the face detector is counted').toBeGreaterThan(1);
  return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
}

it('the agent holds no more of a source of 3 hours, 4K and 20 GB than of a short one, and stays under 700 MB', async () => {
  const large = ['-f', 'lavfi', '-i', 'color=0x604020:size=3840x2160:rate=5', ...sound, '-t', '8', ...x264, '-g', '5'];
  const piece = await makeMedia(path('piece4k.mp4'), large);
  const short = await makeMedia(path('short.mp4'), ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=5', ...sound, '-t', '8', ...x264]);
  const long = makeSparse(await loop(piece, 8, 'long4k.mp4'), 'sparse.mp4', 20e9);
  expect(statSync(long).size).toBe(20e9);
  const server = await startContractServer();
  const agent = await startAgentProcess({
    ...{ CARMIC_SERVER_URL: server.url, CARMIC_AGENT_DIR: folder.path, CARMIC_ENROLMENT_CODE: enrolmentCode },
  });
  try {
    const peaks: number[] = [];
    for (const [file, from] of [[short, 1] as const, ...[100, seconds - 100].map((at) => [long, at] as const)]) {
      const { probe } = await probeSource(engine.contextFor(file), limits);
      const spec: RenderSpec = {
        ...{ kind: 'render', source: engine.assetAt(file), probe, captions: null, loudness },
        segments: [{ startSeconds: from, endSeconds: from + 3 }],
        output: { width: 90, height: 160, maxFrameRate: 30 },
      };
      const task = server.addTask(() => spec, Buffer.alloc(0));
      await until(() => task.state === 'done' || task.state === 'failed', agent.output, 120_000);
      expect(task.failure).toBeNull();
      expect(renderResultSchema.parse(task.completion?.result).frameCount).toBeGreaterThanOrEqual(71);
      peaks.push(peakMegabytes(agent.child.pid));
    }
    const [first = 0, second = 0, last = 0] = peaks;
    process.stderr.write(`memory of the agent: ${peaks.map((peak) => Math.round(peak)).join(', ')} MB\n`);
    expect(last).toBeLessThan(700);
    expect(second - first).toBeLessThan(150);
    expect(last - second).toBeLessThan(60);
  } finally {
    agent.child.kill('SIGKILL');
    await agent.exited;
    await server.close();
  }
});

it('another look of the captions is rendered without looking at the pictures again', async () => {
  const file = await makeMedia(path('words.mp4'), ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10', ...sound, '-t', '3', ...x264]);
  const counting = countLooks(engine);
  const words: Word[] = ['Nothing', 'is', 'looked', 'at', 'twice'].map((text, index) => ({
    ...{ text, startSeconds: 0.2 + index * 0.5, endSeconds: 0.6 + index * 0.5 },
  }));
  const renderWith = (captions: Omit<NonNullable<RenderSpec['captions']>, 'language' | 'words'>) =>
    renderFile(counting.engine, framer, file, { analysisKey: 'words', captions: { language: 'en', words, ...captions } });
  const ways = [
    { style: 'karaoke' as const },
    { style: 'boxed' as const },
    { style: 'boxed' as const, look: { position: 'top' as const } },
  ];
  for (const way of ways) {
    expect((await renderWith(way)).result.captionsBurnedIn).toBe(true);
  }
  expect(counting.looks).toBe(1);
});
