import type { Setting, SettingProblem } from '@carmic/contract';
import type { Messages } from '../messages/en.ts';
import { readSetting } from './readSetting.ts';

/** What is wrong with a value that was tried, in the language of the reader; bounds and the number to enter also as people read them. */
export function tellProblem(name: Setting['name'], { code, values }: SettingProblem, t: Messages): string {
  const told = t.settings.problems[code];
  if (code === 'choice' || code === 'other' || code === 'too_long') {
    return told(...values);
  }
  return told(
    ...values.map((value) => {
      const reading = readSetting(name, value, t);
      return reading === null || value === '0' ? value : `${value} (${reading})`;
    }),
  );
}
