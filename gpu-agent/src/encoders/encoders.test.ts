import { describe, expect, it } from 'vitest';
import { isOfHost, readCause } from './causes.ts';
import { tryArgs } from './probeEncoders.ts';
import { encoderKinds, kindNamed, x264 } from './profiles.ts';
import { isGoodEnough, readSsim } from './quality.ts';
import { createSemaphore } from './semaphore.ts';

const never = new AbortController().signal;

describe('the cause of a failure', () => {
  it.each([
    ['Cannot load libcuda.so.1', 'no_driver'],
    ['Cannot load libnvidia-encode.so.1\nThe minimum required Nvidia driver for nvenc is 470.57.02 or newer', 'no_driver'],
    ['Driver does not support the required nvenc API version. Required: 11.1 Found: 10.0', 'old_driver'],
    ['cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected', 'no_device'],
    ['OpenEncodeSessionEx failed: unsupported device (2): (no details)\nNo capable devices found', 'no_device'],
    ['OpenEncodeSessionEx failed: out of memory (10): (no details)\nNo capable devices found', 'session_limit'],
    ['OpenEncodeSessionEx failed: incompatible client key (21): (no details)\nNo capable devices found', 'session_limit'],
    ['cuCtxCreate failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory\nNo capable devices found', 'out_of_memory'],
    ['B frames as references are not supported\nNo capable devices found', 'unsupported'],
    ['Max B-frames 3 exceed 0\nNo capable devices found', 'unsupported'],
    ['No capable devices found', 'no_device'],
    ['No VA display found for device /dev/dri/renderD128.\nDevice creation failed: -22.', 'no_device'],
    ['No usable encoding entrypoint found for profile VAProfileHEVCMain (17).', 'unsupported'],
    ['Error initializing an internal MFX session: unsupported (-3)', 'no_device'],
    ['Invalid data found when processing input', null],
  ])('%s', (said, cause) => {
    expect(readCause(said)).toBe(cause);
  });

  it('holds for a whole family only when it is the host’s', () => {
    expect([isOfHost('no_driver'), isOfHost('no_device'), isOfHost('session_limit'), isOfHost('unsupported')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('profiles', () => {
  it('of nvenc encode for quality, and drop B-frame references before B frames', () => {
    const kind = kindNamed('h264_nvenc');
    expect(kind?.profile(0, 0).encodeArgs.join(' ')).toBe(
      '-c:v h264_nvenc -preset p4 -tune hq -rc vbr -cq 23 -spatial-aq 1 -temporal-aq 1 -rc-lookahead 20 -bf 3 -b_ref_mode middle -b:v 0 -forced-idr 1 -pix_fmt yuv420p -profile:v high',
    );
    expect(kind?.profile(1, 1).encodeArgs.join(' ')).toContain('-cq 20 -spatial-aq 1 -temporal-aq 1 -rc-lookahead 20 -bf 3 -b:v 0');
    expect(kind?.profile(3, 0).encodeArgs.join(' ')).toContain('-cq 23 -bf 0 -b:v 0');
  });

  it('mark HEVC as hvc1, whichever encoder it is, so that Apple’s players open it', () => {
    for (const kind of encoderKinds.filter(({ codec }) => codec === 'hevc')) {
      expect(kind.profile(0, 0).encodeArgs.join(' '), kind.name).toContain('-tag:v hvc1');
    }
  });

  it('of VAAPI open the card first and bring every frame to it', () => {
    const profile = kindNamed('h264_vaapi')?.profile(0, 0) ?? x264;
    const args = tryArgs(profile, 1).join(' ');
    expect(args).toMatch(
      /-vaapi_device \/dev\/dri\/renderD128 .*-i testsrc2\S+ -map 0:v -vf format=nv12,hwupload -frames:v 2 -c:v h264_vaapi -rc_mode CQP -qp 22/,
    );
  });

  it('open as many sessions in a probe as are asked for', () => {
    expect(tryArgs(kindNamed('h264_nvenc')?.profile(0, 0) ?? x264, 3).filter((word) => word === 'h264_nvenc')).toHaveLength(3);
  });
});

describe('the quality gate', () => {
  it('reads SSIM, and lets through what is near libx264 and not much larger', () => {
    expect(readSsim('[Parsed_ssim_0 @ 0x1] SSIM Y:0.98 (17) U:0.98 (17) V:0.98 (17) All:0.986434 (18.675)')).toBe(0.9864);
    expect(readSsim('nothing')).toBeNull();
    const quality = { ssim: 0.982, referenceSsim: 0.986, sizeShare: 1.4 };
    expect(isGoodEnough(quality)).toBe(true);
    expect(isGoodEnough({ ...quality, ssim: 0.98 })).toBe(false);
    expect(isGoodEnough({ ...quality, sizeShare: 3.5 })).toBe(false);
  });
});

describe('a semaphore', () => {
  it('lets in no more than its limit, oldest first, and more when it is raised', async () => {
    const seats = createSemaphore(1);
    const order: string[] = [];
    const first = await seats.acquire(never);
    const second = seats.acquire(never).then((leave) => (order.push('second'), leave));
    const third = seats.acquire(never).then((leave) => (order.push('third'), leave));
    expect(seats.inUse).toBe(1);
    first();
    first();
    await second;
    expect([order, seats.inUse]).toEqual([['second'], 1]);
    seats.setLimit(2);
    await third;
    expect(order).toEqual(['second', 'third']);
  });

  it('forgets who gives up waiting', async () => {
    const seats = createSemaphore(1);
    const leave = await seats.acquire(never);
    const given = new AbortController();
    const waiting = seats.acquire(given.signal);
    given.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    leave();
    await seats.acquire(never);
    expect(seats.inUse).toBe(1);
  });
});
