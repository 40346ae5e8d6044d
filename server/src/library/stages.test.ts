import { describe, expect, test } from 'vitest';
import { buildFailure } from '../core/errors.ts';
import { buildStages } from './stages.ts';

const now = new Date('2026-11-24T12:00:00.000Z');
const times = {
  upload: { startedAt: '2026-11-24T11:58:00.000Z', finishedAt: '2026-11-24T11:59:00.000Z' },
  inspect: { startedAt: '2026-11-24T11:59:00.000Z' },
};

describe('the stages of a video', () => {
  test('while one runs: earlier ones are done, later ones wait, and the time left is elapsed time scaled', () => {
    const stages = buildStages({ state: 'inspecting', stageTimes: times, failure: null }, { progress: 0.25, note: 'Reading' }, now);
    expect(stages.map((stage) => stage.state)).toEqual(['done', 'running', 'waiting', 'waiting', 'waiting']);
    expect(stages[1]).toMatchObject({ progress: 0.25, note: 'Reading', secondsLeft: 180 });
  });
  test('no time left is claimed before anything is known', () => {
    const stages = buildStages({ state: 'inspecting', stageTimes: times, failure: null }, { progress: 0.01, note: null }, now);
    expect(stages[1]?.secondsLeft).toBeNull();
  });
  test('a failure marks its own stage and leaves the later ones waiting', () => {
    const failure = buildFailure('transcript', 'transcription_failed', 'No answer.');
    const stages = buildStages({ state: 'failed', stageTimes: times, failure }, null, now);
    expect(stages.map((stage) => stage.state)).toEqual(['done', 'done', 'failed', 'waiting', 'waiting']);
  });
  test('a skipped stage says so and why, also when the video is ready', () => {
    const stageTimes = { ...times, transcript: { isSkipped: true, note: 'No sound.' } };
    const stages = buildStages({ state: 'ready', stageTimes, failure: null }, null, now);
    expect(stages.map((stage) => stage.state)).toEqual(['done', 'done', 'skipped', 'done', 'done']);
    expect(stages[2]?.note).toBe('No sound.');
  });
});
