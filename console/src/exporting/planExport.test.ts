import type { Rendition } from '@carmic/contract';
import { expect, test } from 'vitest';
import { planExport } from './planExport.ts';

const rendition = (over: Partial<Rendition>): Rendition =>
  ({ id: 'r', aspect: '9:16', captionStyle: 'karaoke', captionLanguage: null, editVersion: 2, state: 'ready', ...over }) as Rendition;

test('an export is every combination once, and names what is there of the present cut', () => {
  const clips = [{ id: 'a', editVersion: 2, renditions: [rendition({}), rendition({ id: 'old', aspect: '1:1', editVersion: 1 })] }];
  const items = planExport({ clips, aspects: ['9:16', '1:1'], styles: ['karaoke', 'none'], languages: [null, 'de'] });
  expect(items.map(({ aspect, captionStyle, captionLanguage }) => `${aspect} ${captionStyle} ${captionLanguage ?? '-'}`)).toEqual([
    '9:16 karaoke -',
    '9:16 karaoke de',
    '9:16 none -',
    '1:1 karaoke -',
    '1:1 karaoke de',
    '1:1 none -',
  ]);
  expect(items.map((item) => item.rendition?.id ?? null)).toEqual(['r', null, null, null, null, null]);
});

test('what failed or was cancelled is made again, and what is on its way is not', () => {
  const one = (state: Rendition['state']) =>
    planExport({
      clips: [{ id: 'a', editVersion: 2, renditions: [rendition({ state })] }],
      aspects: ['9:16'],
      styles: ['karaoke'],
      languages: [null],
    })[0]?.rendition?.id;
  expect((['failed', 'cancelled', 'queued', 'rendering'] as const).map(one)).toEqual([undefined, undefined, 'r', 'r']);
});
