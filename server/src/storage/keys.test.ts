import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keys } from './keys.ts';

const [workspaceId, videoId, taskId, objectId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const refused = expect.objectContaining({ code: 'invalid_key' }) as unknown;

function failure(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
}

describe('keys', () => {
  it('read back what they were built from', () => {
    expect(keys.parse(keys.source(workspaceId, videoId))).toEqual({ kind: 'source', workspaceId, videoId });
    expect(keys.parse(keys.output(workspaceId, videoId, taskId, 3, 'thumbnail'))).toEqual({
      kind: 'output',
      workspaceId,
      videoId,
      taskId,
      attempt: 3,
      name: 'thumbnail',
    });
    expect(keys.parse(keys.transcript(workspaceId, videoId, objectId))).toEqual({ kind: 'transcript', workspaceId, videoId, objectId });
    expect(keys.parse(keys.captions(workspaceId, videoId, objectId))).toEqual({ kind: 'captions', workspaceId, videoId, objectId });
    expect(keys.parse(keys.brand(workspaceId, videoId, objectId))).toEqual({ kind: 'brand', workspaceId, kitId: videoId, objectId });
    expect(keys.parsePrefix(`w/${workspaceId}/b/${videoId}/`)).not.toBe('');
  });

  it('start with the prefixes of those they belong to', () => {
    const key = keys.output(workspaceId, videoId, taskId, 12, 'video');
    for (const prefix of [
      keys.allPrefix(),
      keys.workspacePrefix(workspaceId),
      keys.videoPrefix(workspaceId, videoId),
      keys.taskPrefix(workspaceId, videoId, taskId),
      keys.attemptPrefix(workspaceId, videoId, taskId, 12),
    ]) {
      expect(key.startsWith(keys.parsePrefix(prefix))).toBe(true);
    }
    expect(key.startsWith(keys.attemptPrefix(workspaceId, videoId, taskId, 1))).toBe(false);
  });

  it.each(['..', '../../etc/passwd', 'a/b', '', 'x'.repeat(36), workspaceId.toUpperCase(), `${workspaceId}\n`, `${workspaceId}/..`])(
    'are never built from %j',
    (bad) => {
      expect(failure(() => keys.source(bad, videoId))).toEqual(refused);
      expect(failure(() => keys.transcript(workspaceId, videoId, bad))).toEqual(refused);
      expect(failure(() => keys.videoPrefix(workspaceId, bad))).toEqual(refused);
    },
  );

  it.each([0, -1, 1.5, Number.NaN, 1e6, Infinity])('refuse the attempt %d', (attempt) => {
    expect(failure(() => keys.output(workspaceId, videoId, taskId, attempt, 'video'))).toEqual(refused);
  });

  it('are never parsed from anything else', () => {
    const good = keys.source(workspaceId, videoId);
    for (const bad of [
      '',
      '/',
      `/${good}`,
      `${good}/`,
      `${good}\n`,
      `${good}x`,
      `./${good}`,
      good.replace('w/', 'w//'),
      good.toUpperCase(),
      `${good}\0`,
    ]) {
      expect(failure(() => keys.parse(bad))).toEqual(refused);
    }
  });

  it('refuse a prefix that ends inside an id', () => {
    for (const bad of [
      'w',
      `w/${workspaceId}`,
      keys.videoPrefix(workspaceId, videoId).slice(0, -2),
      '../',
      'w/../',
      `w/${workspaceId}/x/`,
    ]) {
      expect(failure(() => keys.parsePrefix(bad))).toEqual(refused);
    }
    expect(keys.parsePrefix('')).toBe('');
  });
});
