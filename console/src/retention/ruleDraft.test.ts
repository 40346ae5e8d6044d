import { describe, expect, test } from 'vitest';
import { draftOf, readDraft } from './ruleDraft.ts';

const none = { processingMinutes: null, parallelTasks: null, uploadBytes: null, durationSeconds: null, framePixels: null, members: null };

describe('the form of a plan', () => {
  test('reads what it shows', () => {
    const limits = { ...none, processingMinutes: 600, uploadBytes: 2_500_000_000, durationSeconds: 5400, members: 12 };
    const read = readDraft(draftOf({ kind: 'fixed', storageBytes: 1e12 }, limits, ['webhooks']));
    const { framePixels: _, ...rest } = limits;
    expect(read).toEqual({ retention: { kind: 'fixed', storageBytes: 1e12 }, limits: rest, features: ['webhooks'] });
    expect(readDraft(draftOf({ kind: 'expires', days: 2.5 }, none, []))?.retention).toEqual({ kind: 'expires', days: 2.5 });
  });
  test('takes a comma, and refuses words, zero and nothing where a number is needed', () => {
    const draft = draftOf({ kind: 'expires', days: 3 }, none, []);
    expect(readDraft({ ...draft, days: '2,5' })?.retention).toEqual({ kind: 'expires', days: 2.5 });
    for (const days of ['', '0', '-1', 'three', '99999999']) {
      expect(readDraft({ ...draft, days })).toBeNull();
    }
    expect(readDraft({ ...draft, processingMinutes: 'many' })).toBeNull();
    expect(readDraft({ ...draft, kind: 'fixed', gigabytes: '' })).toBeNull();
  });
});
