/** Encoders on a host with a graphics card, on a stand-in that fails in the words of the real ffmpeg. No card was used. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EncoderCapability, EncoderFamily } from '@carmic/contract';
import pino from 'pino';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createEncoderPool, type EncoderPool } from '../src/encoders/encoderPool.ts';
import type { EncoderProfile } from '../src/encoders/profiles.ts';
import type { QualityGate } from '../src/encoders/quality.ts';
import { openProcessRegister } from '../src/ffmpeg/processRegister.ts';
import { createRunner, type Run } from '../src/ffmpeg/run.ts';
import { cleanOutputArgs, generatedInputArgs, quietArgs } from '../src/ffmpeg/safety.ts';
import type { Sandbox } from '../src/ffmpeg/sandbox.ts';
import { type Behaviour, makeStandIn, type StandIn } from './support/standIn.ts';
import { makeFolder } from './support/media.ts';

const folder = makeFolder();
const signal = new AbortController().signal;
const open: Sandbox = {
  description: 'None, so that the stand-in can count.',
  state: { level: 'limits', detail: 'None.', fix: null },
  wrap: (command) => [...command],
};
let count = 0;
let scratch = '';

afterEach(() => {
  // Whatever was probed, nothing of it is left.
  expect(readdirSync(scratch)).toEqual([]);
});
afterAll(() => folder.remove());

interface Host {
  standIn: StandIn;
  run: Run;
  pool: EncoderPool;
  clock: { ms: number };
  named(name: string): EncoderCapability | undefined;
}

async function startHost(
  behaviour: Behaviour,
  options: { slots?: number; families?: readonly EncoderFamily[]; measures?: boolean } = {},
): Promise<Host> {
  count += 1;
  const home = join(folder.path, `host-${count}`);
  const standIn = makeStandIn(home, behaviour);
  scratch = join(home, 'scratch');
  mkdirSync(scratch);
  const log = pino({ level: 'silent' });
  const register = openProcessRegister(join(home, 'processes'));
  const run = createRunner({ ffmpegPath: standIn.path, ffprobePath: 'ffprobe', sandbox: open, register, log });
  const clock = { ms: 0 };
  const families = new Set<EncoderFamily>(['cpu', ...(options.families ?? (['nvenc'] as const))]);
  const pool = await createEncoderPool({
    run,
    scratch,
    slots: options.slots ?? 1,
    families,
    log,
    now: () => clock.ms,
    ...(options.measures ? {} : { createGate: passAll }),
  });
  return { standIn, run, pool, clock, named: (name) => pool.describe().find((encoder) => encoder.name === name) };
}

/** Measuring takes seconds, and only the tests of the gate are about it. */
const passAll = (): QualityGate => ({
  choose: async (kind, variant) => ({
    profile: kind.profile(variant, 0),
    quality: { ssim: 0.99, referenceSsim: 0.99, sizeShare: 1 },
    said: 'It was let through.',
  }),
});

/** Encodes a second of picture, as a clip would. */
const clip = (run: Run, name: string) => async (profile: EncoderProfile) => {
  const input = [...quietArgs, '-v', 'error', ...generatedInputArgs, '-i', 'testsrc2=size=320x180:rate=25:duration=0.4'];
  const limits = { wallSeconds: 60, fileBytes: 50_000_000 };
  const output = [...profile.encodeArgs, ...cleanOutputArgs, '-f', 'mp4', '-y', join(folder.path, `${name}.mp4`)];
  await run({ program: 'ffmpeg', args: [...input, ...output], directory: folder.path, limits, signal });
  return profile.name;
};

const both = ['h264_nvenc', 'hevc_nvenc'] as const;

describe('probing', () => {
  it.each([
    ['no_driver', 'no_driver', /No NVIDIA driver/],
    ['no_library', 'no_driver', /No NVIDIA driver/],
    ['old_driver', 'old_driver', /too old/],
    ['no_card', 'no_device', /no NVIDIA card here/],
    ['no_encoder', 'no_device', /has no encoder/],
    ['session_limit', 'session_limit', /no further encoding session/],
    ['out_of_memory', 'out_of_memory', /memory of the graphics card/],
    ['unsupported', 'unsupported', /does not encode this codec/],
    ['crash', 'failed', /Segmentation fault|Error initializing/],
  ])('tells %s from the others', async (says, cause, reason) => {
    const { named, standIn } = await startHost({
      listed: [...both],
      cards: { h264_nvenc: { probeSays: says }, hevc_nvenc: { probeSays: says } },
    });
    expect(named('h264_nvenc')).toMatchObject({ works: false, cause });
    expect(named('h264_nvenc')?.reason).toMatch(reason);
    expect(named('av1_nvenc')).toMatchObject({ works: false, cause: 'not_built' });
    // What is the host's fault is not tried again with every codec.
    const triedHevc = standIn.calls().some((args) => args.includes('hevc_nvenc'));
    expect(triedHevc).toBe(!['no_driver', 'old_driver', 'no_device'].includes(cause));
    expect(named('libx264')?.works).toBe(true);
  });

  it('learns how many clips the card takes at a time, once for all codecs', async () => {
    const { named, standIn } = await startHost(
      { listed: [...both], cards: { h264_nvenc: { sessions: 3 }, hevc_nvenc: { sessions: 3 } } },
      { slots: 8 },
    );
    expect([named('h264_nvenc')?.sessions, named('hevc_nvenc')?.sessions]).toEqual([3, 3]);
    const counted = standIn.calls().filter((args) => args.filter((word) => word === 'hevc_nvenc').length > 1);
    expect(counted).toEqual([]);
  });

  it('says nothing of a limit when the card takes every slot', async () => {
    const { named } = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: { sessions: 3 } } }, { slots: 3 });
    expect(named('h264_nvenc')).toMatchObject({ works: true, sessions: null });
  });

  it('goes down to what an older card can', async () => {
    const { pool } = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: { refusesReferences: true } } });
    const { profile } = await pool.encode('h264', signal, async (used) => used);
    expect(profile.name).toBe('h264_nvenc');
    expect(profile.encodeArgs).not.toContain('-b_ref_mode');
    expect(profile.encodeArgs.join(' ')).toContain('-bf 3');
  });

  it('tries Intel and AMD cards in the same way, and only those that are allowed', async () => {
    const listed = ['h264_nvenc', 'h264_vaapi', 'h264_qsv'];
    const cards = { h264_vaapi: {}, h264_qsv: { probeSays: 'no_mfx' } };
    const { named, standIn } = await startHost({ listed, cards }, { families: ['vaapi', 'qsv'] });
    expect(named('h264_nvenc')).toMatchObject({ works: false, cause: 'switched_off' });
    expect(named('h264_qsv')).toMatchObject({ works: false, cause: 'no_device' });
    expect(named('h264_vaapi')).toMatchObject({ works: true, cause: null });
    expect(standIn.calls().some((args) => args.includes('h264_nvenc'))).toBe(false);
    const none = await startHost({ listed, cards: { h264_vaapi: { probeSays: 'no_display' } } }, { families: ['vaapi'] });
    expect(none.named('h264_vaapi')).toMatchObject({ works: false, cause: 'no_device' });
  });
});

describe('the quality gate', () => {
  it('keeps what it measured, gives finer settings to a card that falls behind, and does not use one that stays behind', async () => {
    const behind = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: { crfOffset: 8 } } }, { measures: true });
    const { profile } = await behind.pool.encode('h264', signal, async (used) => used);
    expect(profile.encodeArgs.join(' ')).toMatch(/-cq (20|17) /);
    const { ssim = 0, referenceSsim = 0, sizeShare = 0 } = behind.named('h264_nvenc')?.quality ?? {};
    expect(referenceSsim).toBeGreaterThan(0.97);
    expect(ssim).toBeGreaterThanOrEqual(referenceSsim - 0.005);
    expect(sizeShare).toBeGreaterThan(0.2);
    const bad = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: { crfOffset: 24 } } }, { measures: true });
    expect(bad.named('h264_nvenc')).toMatchObject({ works: false, cause: 'low_quality' });
    const { profile: used, reason } = await bad.pool.encode('h264', signal, async (given) => given);
    expect([used.name, reason]).toEqual(['libx264', expect.stringContaining('worse than that of libx264')]);
  });
});

describe('encoding clips', () => {
  it('never opens more sessions than the card takes', async () => {
    const { pool, run, standIn, named } = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: { sessions: 2 } } }, { slots: 4 });
    expect(named('h264_nvenc')?.sessions).toBe(2);
    const before = standIn.calls().length;
    const done = await Promise.all([0, 1, 2, 3].map((index) => pool.encode('h264', signal, clip(run, `many${index}`))));
    expect(done.map(({ profile }) => profile.name)).toEqual(Array(4).fill('h264_nvenc'));
    expect(standIn.calls().length - before).toBe(4);
  });

  it('encodes a clip that the card fails on the processor, says why, leaves the card alone for a while and then tries it again', async () => {
    const card = { sessions: 2 };
    const { pool, run, standIn, clock, named } = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: card } });
    const changes: boolean[] = [];
    pool.onChange(() => changes.push(named('h264_nvenc')?.works ?? false));
    standIn.behave({ listed: ['h264_nvenc'], cards: { h264_nvenc: { ...card, clipSays: 'session_limit', probeSays: 'session_limit' } } });
    const first = await pool.encode('h264', signal, clip(run, 'first'));
    expect([first.value, first.reason]).toEqual([
      'libx264',
      expect.stringMatching(/^h264_nvenc failed on this clip.*no further encoding session/),
    ]);
    expect(named('h264_nvenc')).toMatchObject({ works: false, cause: 'session_limit', reason: expect.stringContaining('tried again') });
    const calls = standIn.calls().length;
    const second = await pool.encode('h264', signal, clip(run, 'second'));
    expect([second.value, standIn.calls().length - calls]).toEqual(['libx264', 1]);
    clock.ms += 31_000;
    await pool.encode('h264', signal, clip(run, 'third'));
    expect(named('h264_nvenc')?.works).toBe(false);
    standIn.behave({ listed: ['h264_nvenc'], cards: { h264_nvenc: card } });
    clock.ms += 31_000;
    expect((await pool.encode('h264', signal, clip(run, 'fourth'))).value).toBe('libx264');
    clock.ms += 31_000;
    expect((await pool.encode('h264', signal, clip(run, 'fifth'))).value).toBe('h264_nvenc');
    expect(changes).toEqual([false, false, true]);
  });

  it('goes on with fewer sessions when the card turns out to take fewer', async () => {
    const { pool, run, standIn, named } = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: {} } }, { slots: 2 });
    let fails = true;
    const both = await Promise.all(
      [0, 1].map((index) =>
        pool.encode('h264', signal, async (profile) => {
          if (index === 1 && profile.family === 'nvenc' && fails) {
            fails = false;
            standIn.behave({ listed: ['h264_nvenc'], cards: { h264_nvenc: { clipSays: 'session_limit' } } });
          }
          const value = await clip(run, `fewer${index}`)(profile);
          return value;
        }),
      ),
    );
    expect(both.map(({ value }) => value)).toContain('libx264');
    expect(named('h264_nvenc')).toMatchObject({ sessions: 1 });
  });

  it('does not blame the card for a source that the processor cannot encode either', async () => {
    const { pool, run, named } = await startHost({ listed: ['h264_nvenc'], cards: { h264_nvenc: {} } });
    const broken = (profile: EncoderProfile) =>
      run({
        program: 'ffmpeg',
        args: [...quietArgs, ...generatedInputArgs, '-i', 'nosuchsource', ...profile.encodeArgs, '-f', 'null', '-'],
        directory: folder.path,
        limits: { wallSeconds: 20, fileBytes: 1_000_000 },
        signal,
      });
    await expect(pool.encode('h264', signal, broken)).rejects.toThrow(/nosuchsource/);
    expect(named('h264_nvenc')?.works).toBe(true);
  });

  it('says so when a codec has to be another, because nothing here encodes it', async () => {
    const { pool, run } = await startHost({ listed: [], cards: {} });
    const { value, reason } = await pool.encode('hevc', signal, clip(run, 'other'));
    expect([value, reason]).toEqual(['libx264', expect.stringContaining('No encoder for hevc works on this agent')]);
  });
});
