import { describe, expect, it } from 'vitest';
import { readRangeHeader } from './rangeHeader.ts';

const whole = { kind: 'whole' };
const none = { kind: 'unsatisfiable' };
const span = (start: number, end: number) => ({ kind: 'span', start, end });

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', 10, span(0, 1)],
    ['bytes=0-9', 10, span(0, 10)],
    ['bytes=0-', 10, span(0, 10)],
    ['bytes=9-', 10, span(9, 10)],
    ['bytes=5-99999', 10, span(5, 10)],
    ['bytes=-3', 10, span(7, 10)],
    ['bytes=-99', 10, span(0, 10)],
    ['bytes=10-', 10, none],
    ['bytes=10-20', 10, none],
    ['bytes=-0', 10, none],
    ['bytes=0-', 0, none],
    ['bytes=-1', 0, none],
    ['bytes=5-4', 10, whole],
    ['bytes=-', 10, whole],
    ['bytes=', 10, whole],
    ['bytes=0-1,4-5', 10, whole],
    ['items=0-1', 10, whole],
    ['bytes=a-b', 10, whole],
    ['bytes=-1-2', 10, whole],
    ['bytes=99999999999999999999-', 10, whole],
  ])('%s of %i bytes', (header, size, wanted) => {
    expect(readRangeHeader(header, size)).toEqual(wanted);
  });
});
