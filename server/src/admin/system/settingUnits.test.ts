import { expect, it } from 'vitest';
import { en } from '../../../../console/src/messages/en.ts';
import { readSetting } from '../../../../console/src/system/readSetting.ts';
import { envSchema } from '../../core/env.ts';

it('the console knows the unit of every setting whose default is a long number', () => {
  const defaults = Object.entries(envSchema.shape).map(([name, schema]) => [name, String(schema.safeParse(undefined).data)] as const);
  const long = defaults.filter(([, value]) => /^\d{5,}$/.test(value));
  expect(long.length).toBeGreaterThan(4);
  expect(long.filter(([name, value]) => readSetting(name, value, en) === null)).toEqual([]);
});
