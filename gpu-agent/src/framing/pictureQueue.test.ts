import { expect, test } from 'vitest';
import { createPictureQueue } from './pictureQueue.ts';

const ahead = 3;

/** Pictures of four bytes, each filled with its number, in one stream. */
function pictures(from: number, to: number): Buffer {
  return Buffer.concat(Array.from({ length: to - from }, (_, index) => Buffer.alloc(4, from + index)));
}

test('pictures come whole, in order, and each once, however the stream is cut', async () => {
  const stream = pictures(0, 20);
  for (const piece of [1, 3, 4, 7, 80]) {
    const seen: string[] = [];
    const queue = createPictureQueue(4, ahead, (bytes, index) => {
      seen.push(`${index}:${[...bytes].join('')}`);
      return index % 5 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined;
    });
    for (let at = 0; at < stream.length; at += piece) {
      await queue.take(stream.subarray(at, at + piece));
    }
    expect(await queue.end()).toBe(20);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => `${index}:${String(index).repeat(4)}`));
  }
});

test('while one is looked at others are taken, up to a number', async () => {
  let finish: () => void = () => expect.unreachable();
  const queue = createPictureQueue(4, ahead, (_, index) => (index === 0 ? new Promise<void>((resolve) => (finish = resolve)) : undefined));
  expect(queue.take(pictures(0, 1 + ahead))).toBeUndefined();
  const waiting = queue.take(pictures(1 + ahead, 12));
  expect(waiting).toBeInstanceOf(Promise);
  finish();
  await waiting;
  expect(await queue.end()).toBe(12);
});

test('the bytes of the picture before are still there, whatever came meanwhile', async () => {
  let before: Buffer | null = null;
  let isIntact = true;
  const queue = createPictureQueue(4, ahead, async (bytes, index) => {
    await new Promise((resolve) => setImmediate(resolve));
    isIntact &&= (before === null || before.equals(Buffer.alloc(4, index - 1))) && bytes.equals(Buffer.alloc(4, index));
    before = bytes;
  });
  for (let at = 0; at < 40; at += 2) {
    await queue.take(pictures(at, at + 2));
  }
  expect(await queue.end()).toBe(40);
  expect(isIntact).toBe(true);
});

test('a fault of the watcher holds the decoder and comes out at the end', async () => {
  const queue = createPictureQueue(4, ahead, (_, index) => (index === 1 ? Promise.reject(new Error('blind')) : undefined));
  void queue.take(pictures(0, 4));
  await expect(queue.take(pictures(4, 12))).rejects.toThrow('blind');
  await expect(queue.end()).rejects.toThrow('blind');
});
