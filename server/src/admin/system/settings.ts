/** Every setting of the installation with its help and where its value comes from. A secret never leaves the server. */
import type { EngineKind, Setting, SettingProblem } from '@carmic/contract';
import { type Env, envSchema, secretNames, sourcesOf } from '../../core/env.ts';
import { notFound } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import { instanceOrders } from '../../understanding/switchboard/engines.ts';
import { settingProblem } from './settingProblems.ts';

type Group = Setting['group'];

/** The first pattern that fits says where a setting stands on the page. */
const groups: readonly [Group, RegExp][] = [
  ['operator', /^CARMIC_(OPERATOR|DPO|SUPERVISORY|SENTRY|SECURITY)/],
  ['storage', /^CARMIC_(STORAGE|DISK|S3|R2|CDN|DATA_DIR|MIN_FREE)/],
  ['keys', /^CARMIC_(KEY|ROOT_KEY|VAULT)/],
  ['backups', /^CARMIC_BACKUP/],
  ['mail', /^CARMIC_(SMTP|MAIL|DKIM)/],
  ['speech', /^CARMIC_(DEEPGRAM|TRANSCRIPTION|LIBRETRANSLATE|TRANSLATION)/],
  ['engines', /^CARMIC_(LLM|LANGUAGE|MODERATION|SAFETY|ENGINE)/],
  ['limits', /^CARMIC_(MAX|RATE|UPLOAD|CLIENT)/],
  ['outgoing', /^CARMIC_(OUTGOING|IMPORT)/],
  ['billing', /^CARMIC_STRIPE/],
  ['machines', /^CARMIC_(PROVISION|HETZNER)/],
  ['database', /DATABASE/],
  ['network', /^CARMIC_(HOST|PORT|OPERATIONS|TRUSTED|CONSOLE|LOG|AUDIT|CANARY)/],
  ['reach', /^CARMIC_(BASE_URL|INSTANCE|MODE)/],
];

/** Which order of engines an administrator may choose in the console instead. */
const chosenInConsole: Partial<Record<keyof Env, EngineKind>> = {
  CARMIC_TRANSCRIPTION_ENGINES: 'transcription',
  CARMIC_TRANSLATION_ENGINES: 'translation',
  CARMIC_LANGUAGE_ENGINES: 'language',
  CARMIC_SAFETY_ENGINES: 'safety',
};

const names = Object.keys(envSchema.shape) as (keyof Env)[];

/** Lists every setting. */
export async function listSettings(deps: Deps): Promise<Setting[]> {
  const { db, env } = deps;
  const orders = await db.asSystem((tx) => instanceOrders(deps, tx));
  const sources = sourcesOf(env);
  return names.map((name) => {
    const isSecret = secretNames.includes(name);
    const kind = chosenInConsole[name];
    const order = kind === undefined ? undefined : orders[kind];
    const isChosen = order !== undefined && !sources.has(name);
    const value = isChosen ? order : env[name];
    return {
      name,
      group: groups.find(([, pattern]) => pattern.test(name))?.[0] ?? 'timing',
      help: envSchema.shape[name].description ?? '',
      source: isChosen ? 'database' : (sources.get(name) ?? 'default'),
      isSecret,
      isSet: value !== undefined,
      value: isSecret ? null : tell(value),
      defaultValue: isSecret ? null : defaultOf(name),
    };
  });
}

/** A value in words; what somebody put into an address as name and password is taken out. */
function tell(value: unknown): string | null {
  if (value === undefined || value === null) {
    return null;
  }
  const text = Array.isArray(value) ? value.join(', ') : String(value);
  return text === '' ? null : text.replace(/\/\/[^/@\s]+@/, '//…@');
}

function defaultOf(name: keyof Env): string | null {
  const parsed = envSchema.shape[name].safeParse(undefined);
  return parsed.success ? tell(parsed.data) : null;
}

/** Why a value cannot be used for a setting; nothing when it can. Throws not_found for a setting that does not exist, and for secrets. */
export function checkSetting(name: string, value: string): SettingProblem[] {
  const known = names.find((each) => each === name);
  if (known === undefined || secretNames.includes(known)) {
    throw notFound('setting that can be tried here');
  }
  const parsed = envSchema.shape[known].safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => settingProblem(known, value, issue));
}
