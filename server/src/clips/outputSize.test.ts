import { aspects } from '@carmic/contract';
import { expect, test } from 'vitest';
import { outputSize } from './outputSize.ts';

test('sizes have the asked aspect, even sides, and a shorter side of 1080', () => {
  const source = { width: 1920, height: 1080 };
  expect(outputSize('9:16', source)).toEqual({ width: 1080, height: 1920 });
  expect(outputSize('4:5', source)).toEqual({ width: 1080, height: 1350 });
  expect(outputSize('1:1', source)).toEqual({ width: 1080, height: 1080 });
  expect(outputSize('16:9', source)).toEqual({ width: 1920, height: 1080 });
});

test('a person may ask for more or fewer lines', () => {
  expect(outputSize('9:16', { width: 1920, height: 1080 }, 720)).toEqual({ width: 720, height: 1280 });
  expect(outputSize('1:1', { width: 640, height: 360 }, 2160)).toEqual({ width: 2160, height: 2160 });
});

test('a small source gets 720 on the shorter side, in every aspect even', () => {
  for (const aspect of aspects) {
    const { width, height } = outputSize(aspect, { width: 640, height: 360 });
    expect(Math.min(width, height)).toBe(720);
    expect(width % 2 + (height % 2)).toBe(0);
  }
});
