/** What is wrong with a value that somebody tries for a setting: by code, with the values of its sentence, and in English. */
import type { SettingProblem, SettingProblemCode } from '@carmic/contract';
import type { z } from 'zod';
import type { Env } from '../../core/env.ts';

/** What the form of a setting is called; a form is a pattern or a list that is read part by part. */
const forms: Partial<Record<keyof Env, SettingProblemCode>> = {
  CARMIC_LANGUAGE_ENGINES: 'engines',
  CARMIC_SAFETY_ENGINES: 'engines',
  CARMIC_TRANSCRIPTION_ENGINES: 'engines',
  CARMIC_TRANSLATION_ENGINES: 'engines',
  CARMIC_ENGINE_PRICES: 'engine_prices',
  CARMIC_ENGINE_CURRENCY: 'currency',
  CARMIC_TRUSTED_PROXIES: 'ranges',
  CARMIC_OUTGOING_PRIVATE_RANGES: 'ranges',
  CARMIC_SECURITY_CONTACT: 'contact',
  CARMIC_VAULT_TRANSIT_MOUNT: 'vault_name',
  CARMIC_VAULT_TRANSIT_KEY: 'vault_name',
  CARMIC_DKIM_DOMAIN: 'domain',
  CARMIC_DKIM_SELECTOR: 'domain',
  CARMIC_SENTRY_ENVIRONMENT: 'environment_name',
  CARMIC_PROVISION_AGENT_IMAGE: 'image',
  CARMIC_S3_BUCKET: 'bucket',
  CARMIC_S3_PREFIX: 'prefix',
  CARMIC_R2_ACCOUNT_ID: 'account',
};

type Unit = 'bytes' | 'seconds' | 'milliseconds' | 'days' | 'pixels';
const unitsByEnding: Readonly<Record<string, Unit>> = {
  BYTES: 'bytes',
  SECONDS: 'seconds',
  MS: 'milliseconds',
  DAYS: 'days',
  PIXELS: 'pixels',
};

/** How many of a setting's units a unit is that people write, in English and German. */
const written: Readonly<Record<'bytes' | 'seconds' | 'pixels', readonly [RegExp, number][]>> = {
  bytes: [
    [/^(b|bytes?)$/i, 1],
    [/^kb$/i, 1e3],
    [/^mb$/i, 1e6],
    [/^gb$/i, 1e9],
    [/^tb$/i, 1e12],
    [/^kib$/i, 2 ** 10],
    [/^mib$/i, 2 ** 20],
    [/^gib$/i, 2 ** 30],
    [/^tib$/i, 2 ** 40],
  ],
  seconds: [
    [/^(ms|millise[ck]\w*)$/i, 0.001],
    [/^(s|se[ck]\w*)$/i, 1],
    [/^(m|min\w*)$/i, 60],
    [/^(h|hours?|std|stunden?)$/i, 3600],
    [/^(d|days?|tage?)$/i, 86_400],
    [/^(w|weeks?|wochen?)$/i, 604_800],
  ],
  pixels: [[/^(mp|megapixels?)$/i, 1e6]],
};
const secondsOf: Partial<Record<Unit, number>> = { milliseconds: 0.001, days: 86_400 };

const sentences: Record<SettingProblemCode, (...values: string[]) => string> = {
  not_number: () => 'Must be a number: digits alone, with a point before decimals.',
  unit: (unit = '', amount = '') => `Must be a number of ${unit}, without a unit${amount === '' ? '' : `: ${amount}`}.`,
  not_whole: () => 'Must be a whole number.',
  at_least: (least = '') => `Must be at least ${least}.`,
  more_than: (bound = '') => `Must be more than ${bound}.`,
  at_most: (most = '') => `Must be at most ${most}.`,
  empty: () => 'Must not be empty.',
  too_long: (most = '') => `Must have at most ${most} characters.`,
  choice: (...choices) => `Must be one of: ${choices.join(', ')}.`,
  address: () => 'Must be an address that begins with https:// or http://.',
  email: () => 'Must be a mail address.',
  engines: () => 'Must be names of engines separated by commas, or none.',
  engine_prices: () => 'Must be prices such as deepgram=0.26/hour, language-model=2/million.',
  currency: () => 'Must be a code of three letters (ISO 4217), such as EUR.',
  ranges: () => 'Must be addresses or CIDR ranges separated by commas, such as 10.0.0.0/8.',
  contact: () => 'Must begin with mailto:, https: or tel:.',
  vault_name: () => 'May hold letters, digits, dots, dashes, underscores, and slashes between names.',
  domain: () => 'May hold letters, digits, dots and dashes.',
  environment_name: () => 'May hold small letters, digits and dashes, 30 at most.',
  image: () => 'Must be the name of an image with its tag or digest.',
  bucket: () => 'Must be a name of a bucket: 3 to 63 small letters, digits, dots and dashes.',
  prefix: () => 'Must end in a slash, and may hold letters, digits, dots, dashes and underscores.',
  account: () => 'Must have 32 hexadecimal digits.',
  other: (said = '') => said,
};

/** Tells what the schema of a setting finds wrong with a value. */
export function settingProblem(name: keyof Env, value: string, issue: z.core.$ZodIssue): SettingProblem {
  const [code, ...values] = codeOf(name, value, issue);
  return { code, values, text: sentences[code](...values) };
}

function codeOf(name: keyof Env, value: string, issue: z.core.$ZodIssue): [SettingProblemCode, ...string[]] {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? ['not_whole'] : (unitProblem(name, value) ?? ['not_number']);
    case 'too_small':
      if (issue.origin === 'string') {
        return ['empty'];
      }
      return [issue.inclusive === false ? 'more_than' : 'at_least', String(issue.minimum)];
    case 'too_big':
      return [issue.origin === 'string' ? 'too_long' : 'at_most', String(issue.maximum)];
    case 'invalid_value':
      return ['choice', ...issue.values.map(String)];
    case 'invalid_format':
      if (issue.format === 'url' || issue.format === 'email') {
        return [issue.format === 'url' ? 'address' : 'email'];
      }
      return [forms[name] ?? 'other', ...(forms[name] === undefined ? [issue.message] : [])];
    default:
      return forms[name] === undefined ? ['other', issue.message] : [forms[name]];
  }
}

/** `20 GB` for a setting in bytes is understood, and answered with the number to enter; null where there is no unit. */
function unitProblem(name: keyof Env, value: string): ['unit', Unit, string] | null {
  const unit = unitsByEnding[/_([A-Z]+)$/.exec(name)?.[1] ?? ''];
  const [, digits, said = ''] = /^(\d+(?:[.,]\d+)?)\s*(\p{L}+)\.?$/u.exec(value.trim()) ?? [];
  if (unit === undefined || digits === undefined) {
    return null;
  }
  const known = written[unit === 'bytes' || unit === 'pixels' ? unit : 'seconds'].find(([pattern]) => pattern.test(said))?.[1];
  if (known === undefined) {
    return ['unit', unit, ''];
  }
  const amount = (Number(digits.replace(',', '.')) * known) / (secondsOf[unit] ?? 1);
  return ['unit', unit, String(Math.round(amount * 1000) / 1000)];
}
