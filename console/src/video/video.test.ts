import type { Clip, Rendition } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { breaksOf } from './formatWish.ts';
import { missingAspects, pickRenditions } from './pickRenditions.ts';
import { topReasons } from './topReasons.ts';
import { waveformColumns } from './waveformColumns.ts';

function buildRendition(id: string, aspect: Rendition['aspect'], state: Rendition['state'], minute: number): Rendition {
  return {
    id,
    clipId: 'c',
    videoId: 'v',
    state,
    progress: 0,
    aspect,
    captionStyle: 'karaoke',
    captionLanguage: null,
    captionOptions: {},
    brandKitId: null,
    width: 1,
    height: 1,
    sizeBytes: null,
    durationSeconds: null,
    failure: null,
    editVersion: 1,
    layout: null,
    layoutReason: null,
    codec: 'h264',
    framing: null,
    encoder: null,
    encoderReason: null,
    shots: [],
    certificate: [],
    createdAt: `2026-01-01T00:0${minute}:00Z`,
    isWithheld: false,
    media: {
      videoUrl: null,
      downloadUrl: null,
      coverUrl: null,
      srtUrl: null,
      vttUrl: null,
      assUrl: null,
      wordsUrl: null,
      coverDownloadUrl: null,
      coverUrls: [],
    },
  };
}

describe('the formats of a clip', () => {
  it('are the newest of each that was not cancelled, upright first', () => {
    const renditions = [
      buildRendition('a', '16:9', 'ready', 1),
      buildRendition('b', '9:16', 'failed', 1),
      buildRendition('c', '9:16', 'ready', 2),
      buildRendition('d', '1:1', 'cancelled', 3),
    ];
    expect(pickRenditions(renditions).map((rendition) => rendition.id)).toEqual(['c', 'a']);
    expect(missingAspects(renditions)).toEqual(['1:1', '4:5']);
  });
});

describe('the drawn waveform', () => {
  it('keeps the loudest of what falls together', () => {
    const columns = waveformColumns([0, 1, 0, 0, 0.25, 0], 3);
    expect(columns).toEqual([1, 0, 0.5]);
  });

  it('lifts quiet sound and leaves silence flat', () => {
    expect(Math.max(...waveformColumns([0.06, 0.03], 2))).toBe(1);
    expect(Math.max(...waveformColumns([0.001, 0.002], 2))).toBeLessThan(0.25);
  });

  it('stretches few peaks over many columns', () => {
    expect(waveformColumns([1, 0.25], 4)).toEqual([1, 1, 0.5, 0.5]);
    expect(waveformColumns([], 4)).toEqual([]);
  });
});

describe('the reasons on a card', () => {
  const build = (points: Record<string, number>) =>
    ({ scoreParts: Object.entries(points).map(([name, value]) => ({ name, label: name, points: value, reason: name })) }) as Clip;

  it('are those that tell this clip from the others', () => {
    const clip = build({ ground: 50, claims: 8, ending: 5, humour: -2, pace: 1, numbers: 0.5 });
    const other = build({ ground: 50, claims: 2, ending: 4, humour: -2, pace: 3, numbers: 0 });
    expect(topReasons(clip, [clip, other]).map((part) => part.name)).toEqual(['claims', 'ending', 'pace']);
  });

  it('are the strongest of all when there is nothing to compare with', () => {
    const clip = build({ ground: 50, claims: 8 });
    expect(topReasons(clip, [clip]).map((part) => part.name)).toEqual(['ground', 'claims']);
  });
});

it('takes the breaks of a clip from the newest rendition with the same words', () => {
  const breaks = (atSeconds: number) => ({ breaks: [{ atSeconds, kind: 'break' as const }] });
  const renditions = [
    { ...buildRendition('1', '9:16', 'ready', 1), captionOptions: breaks(1) },
    { ...buildRendition('2', '1:1', 'ready', 2), captionOptions: breaks(2) },
    { ...buildRendition('3', '9:16', 'ready', 3), captionLanguage: 'de', captionOptions: breaks(3) },
    { ...buildRendition('4', '9:16', 'ready', 4), captionLanguage: 'fr' },
  ];
  expect(breaksOf({ renditions }, null)).toEqual(breaks(2).breaks);
  expect(breaksOf({ renditions }, 'de')).toEqual(breaks(3).breaks);
  expect(breaksOf({ renditions }, 'fr')).toBeUndefined();
});
