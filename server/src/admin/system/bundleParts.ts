/**
 * What a support bundle says, and how it is kept free of people and secrets. Keeps: C4.
 *
 * It is built from an allow-list: figures, results of checks, names of settings, and of the log only the fields that the program itself words.
 * Every secret of the environment, and whatever looks like an address of a person, is taken out of the result once more.
 */
import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, release as kernel, totalmem } from 'node:os';
import { type Env, sourcesOf } from '../../core/env.ts';
import { release } from '../../core/release.ts';

const logLines = 500;

/** Settings whose values are words of our own, numbers or switches. */
const isTellable = (value: unknown) =>
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'string' &&
    /^(on|off|always|never|none|disk|s3|file|vault|bucket|sse-[a-z0-9]+|path|virtual|production|development|test|fatal|error|warn|info|debug|trace|silent)$/.test(
      value,
    ));

/** The release and the machine. */
export function describeMachine() {
  return {
    madeAt: new Date().toISOString(),
    release: release.version,
    node: process.version,
    system: { platform: platform(), arch: arch(), kernel: kernel(), processors: cpus().length, memoryBytes: totalmem() },
  };
}

/** Which settings are set, with the values of those that can say nothing of anybody. */
export function describeSettings(env: Env): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value === undefined ? 'not set' : isTellable(value) ? value : 'set']),
  );
}

const messageOf = (error: unknown) => (error instanceof Error && error.message !== '' ? error.message : String(error));

/** The answer of `work`, or why there is none, as `explain` words it. */
export async function orReason(work: () => Promise<unknown>, explain: (error: unknown) => string = messageOf): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return { cannotBeTold: explain(error) };
  }
}

/** The last lines of the log: when, how bad, and what the program's own sentence says; never what an error carried. */
export async function describeLog({ CARMIC_LOG_FILE: path }: Env, explain?: (error: unknown) => string): Promise<unknown> {
  if (path === undefined) {
    return 'The log goes to standard error: add the last lines yourself, after reading them.';
  }
  return orReason(
    async () =>
      (await readFile(path, 'utf8'))
        .trimEnd()
        .split('\n')
        .slice(-logLines)
        .map((line) => {
          try {
            const { err, level, msg, time } = JSON.parse(line) as { err?: { type?: unknown; code?: unknown }; [name: string]: unknown };
            return { time, level, msg, ...(err === undefined ? {} : { type: err.type, code: err.code }) };
          } catch {
            return { msg: 'a line that is no entry of a log' };
          }
        }),
    explain,
  );
}

/** The settings that somebody set, from wherever their values came. */
export function setValues(env: Env): Readonly<Record<string, unknown>> {
  const sources = sourcesOf(env);
  return Object.fromEntries(Object.entries(env).filter(([name]) => sources.has(name)));
}

const secretName = /(URL|KEY|KEY_ID|TOKEN|SECRETS?|PASSWORD|SECRET_ACCESS_KEY|DSN)$/;

/** Takes secrets and addresses of people out of a text. `environment` holds the values of settings by their names. */
export function scrub(text: string, environment: Readonly<Record<string, unknown>>): string {
  let clean = text;
  for (const [name, held] of Object.entries(environment)) {
    if (!name.startsWith('CARMIC_') || !secretName.test(name)) {
      continue;
    }
    for (const value of [held].flat().filter((each) => typeof each === 'string' && each.length >= 4) as string[]) {
      const password = URL.canParse(value) ? new URL(value).password : '';
      for (const secret of [value, password, decodeURIComponent(password)].filter((each) => each.length >= 4)) {
        clean = clean.replaceAll(secret, '[removed]');
      }
    }
  }
  return clean.replaceAll(/[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.[\p{L}]{2,}/gu, '[address]');
}
