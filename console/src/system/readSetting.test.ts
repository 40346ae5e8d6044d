import { expect, it } from 'vitest';
import { de } from '../messages/de.ts';
import { en } from '../messages/en.ts';
import { readSetting } from './readSetting.ts';

it('reads sizes and lengths of time as people write them, in the language of the reader', () => {
  const settings: [name: string, value: string][] = [
    ['CARMIC_MAX_UPLOAD_BYTES', '20000000000'],
    ['CARMIC_STALL_SECONDS', '900'],
    ['CARMIC_RENEW_SECONDS', '1.5'],
    ['CARMIC_QUEUE_TIMEOUT_SECONDS', '86400'],
    ['CARMIC_LEASE_SECONDS', '90'],
    ['CARMIC_LEASE_SECONDS', '3725'],
    ['CARMIC_CLOCK_OFFSET_MS', '250'],
    ['CARMIC_JOURNAL_DAYS', '400'],
    ['CARMIC_MAX_FRAME_PIXELS', '33177600'],
  ];
  expect(settings.map(([name, value]) => readSetting(name, value, en))).toEqual([
    '20 GB',
    '15 minutes',
    '1.5 seconds',
    '1 day',
    '1.5 minutes',
    '3,725 seconds',
    '0.25 seconds',
    '400 days',
    '33.2 megapixels',
  ]);
  expect(settings.map(([name, value]) => readSetting(name, value, de))).toEqual([
    '20 GB',
    '15 Minuten',
    '1,5 Sekunden',
    '1 Tag',
    '1,5 Minuten',
    '3.725 Sekunden',
    '0,25 Sekunden',
    '400 Tage',
    '33,2 Megapixel',
  ]);
});

it('leaves alone what has no unit, and what is no number', () => {
  expect(readSetting('CARMIC_PORT', '7070', en)).toBeNull();
  expect(['', ' ', 'many', '-1', '1e999'].map((value) => readSetting('CARMIC_MAX_UPLOAD_BYTES', value, en))).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});
