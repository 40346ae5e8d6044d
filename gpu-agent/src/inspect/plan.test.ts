import { describe, expect, it } from 'vitest';
import type { SourceFacts } from '../media/probe.ts';
import { inspectArgs, inspectFiles, planInspect } from './plan.ts';

const facts: SourceFacts = {
  container: 'mov',
  pixelFormat: 'yuv420p',
  sampleAspect: 1,
  bitRate: 3_000_000,
  storedWidth: 1920,
  storedHeight: 1080,
  audioSampleRate: 48_000,
  probe: {
    container: 'mov',
    durationSeconds: 600,
    width: 1920,
    height: 1080,
    frameRate: 25,
    rotationDegrees: 0,
    videoCodec: 'h264',
    isHdr: false,
    audioCodec: 'aac',
    audioChannels: 2,
  },
};
const plan = (changes: Partial<SourceFacts>, probe: Partial<SourceFacts['probe']> = {}) =>
  planInspect({ ...facts, ...changes, probe: { ...facts.probe, ...probe } }, 'http://127.0.0.1:1/x', 9_000_000, true);

describe('planInspect', () => {
  it('copies what the player can play, and nothing else', () => {
    expect(plan({}).copiesProxy).toBe(true);
    for (const [changes, probe] of [
      [{ bitRate: 20_000_000 }, {}],
      [{ pixelFormat: 'yuv420p10le' }, {}],
      [{ container: 'avi' }, {}],
      [{ sampleAspect: 1.33 }, {}],
      [{}, { videoCodec: 'hevc' }],
      [{}, { rotationDegrees: 90 }],
      [{}, { audioCodec: 'opus' }],
      [{ storedWidth: 3840, storedHeight: 2160 }, {}],
    ] as const) {
      expect(plan(changes, probe).copiesProxy, JSON.stringify([changes, probe])).toBe(false);
    }
  });

  it('makes a proxy of at most 720 lines with even sides, upright or not', () => {
    expect(plan({ bitRate: 2e7 })).toMatchObject({ proxyWidth: 1280, proxyHeight: 720 });
    expect(plan({ bitRate: 2e7 }, { width: 1080, height: 1920 })).toMatchObject({ proxyWidth: 720, proxyHeight: 1280 });
    expect(plan({ bitRate: 2e7 }, { width: 641, height: 361 })).toMatchObject({ proxyWidth: 642, proxyHeight: 362 });
  });
});

describe('inspectArgs', () => {
  it('decodes nothing of the picture when the proxy is a copy, but of a short source', () => {
    expect(inspectArgs(plan({})).join(' ')).not.toContain('scdet');
    expect(inspectArgs(plan({}))).toContain(inspectFiles.keys);
    for (const other of [plan({}, { durationSeconds: 59 }), plan({ bitRate: 2e7 })]) {
      expect(inspectArgs(other).join(' ')).toContain('scdet');
      expect(inspectArgs(other)).not.toContain(inspectFiles.keys);
    }
  });

  it('asks for no sound where there is none', () => {
    expect(inspectArgs(plan({}, { audioCodec: null })).join(' ')).not.toContain('0:a:0');
  });
});
