import { expect, test } from 'vitest';
import { requireDoor } from './createApp.ts';

const handlers = { listThings: () => Promise.resolve(undefined) };

test('a route without a policy, with one that nobody knows, or without a handler does not start', () => {
  expect(() => requireDoor('listThings', { policy: 'viewer' }, handlers)).not.toThrow();
  expect(() => requireDoor('listThings', {}, handlers)).toThrow('declares no policy');
  expect(() => requireDoor('listThings', { policy: 'everybody' }, handlers)).toThrow('declares no policy');
  expect(() => requireDoor('listOthers', { policy: 'viewer' }, handlers)).toThrow('has no handler');
});
