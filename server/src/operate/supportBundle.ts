/**
 * What somebody who helps from outside needs to see, and nothing of a person. Keeps: C4.
 *
 * It is built from an allow-list: figures, results of checks, names of settings, and of the log only the fields that the program itself words.
 * Every secret of the environment, and whatever looks like an address of a person, is taken out of the result once more.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, release as kernel, totalmem } from 'node:os';
import { type Env, readEnv } from '../core/env.ts';
import { release } from '../core/release.ts';
import { type CommandCall, type OperatorCommand, textOption } from './command.ts';
import { connectTo, inSnapshot, listMigrations, listTables } from './backup/tables.ts';
import { examine } from './doctor.ts';
import { explain } from './failures.ts';
import { status } from './status.ts';

const logLines = 500;
/** Settings whose values are words of our own, numbers or switches. */
const isTellable = (value: unknown) =>
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'string' &&
    /^(on|off|always|never|none|disk|s3|file|vault|bucket|sse-[a-z0-9]+|path|virtual|production|development|test|fatal|error|warn|info|debug|trace|silent)$/.test(
      value,
    ));

export const supportBundle: OperatorCommand = {
  summary: 'writes a file for whoever helps: figures, checks and settings, without personal data or secrets',
  help: ['--out FILE  (default: carmic-support-<time>.json); read it before you send it'],
  options: { out: { type: 'string' } },
  async run(call) {
    const env = readEnv(call.environment);
    const path = textOption(call, 'out') ?? `carmic-support-${new Date().toISOString().replaceAll(/[:.]/g, '')}.json`;
    const bundle = {
      madeAt: new Date().toISOString(),
      release: release.version,
      node: process.version,
      system: { platform: platform(), arch: arch(), kernel: kernel(), processors: cpus().length, memoryBytes: totalmem() },
      settings: describeSettings(env),
      checks: await examine(call),
      status: await orReason(async () => (await status.run(call)).data),
      database: await orReason(() => describeDatabase(env)),
      log: await describeLog(env),
    };
    const text = scrub(JSON.stringify(bundle, null, 1), call);
    await writeFile(path, `${text}\n`, { mode: 0o600 });
    return { lines: [`${path} is written. Read it before you send it.`], data: { path } };
  },
};

async function orReason(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return { cannotBeTold: explain(error) };
  }
}

function describeSettings(env: Env): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value === undefined ? 'not set' : isTellable(value) ? value : 'set']),
  );
}

async function describeDatabase(env: Env): Promise<unknown> {
  const client = await connectTo(env.CARMIC_DATABASE_URL);
  try {
    return await inSnapshot(client, async () => {
      const { rows: version } = await client.query<{ server_version: string }>('SHOW server_version');
      const tables: Record<string, number> = {};
      for (const { name } of await listTables(client)) {
        const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${client.escapeIdentifier(name)}`);
        tables[name] = Number(rows[0]?.count ?? 0);
      }
      return { version: version[0]?.server_version, migrations: await listMigrations(client), rowsOfTables: tables };
    });
  } finally {
    await client.end();
  }
}

/** The last lines of the log: when, how bad, and what the program's own sentence says; never what an error carried. */
async function describeLog({ CARMIC_LOG_FILE: path }: Env): Promise<unknown> {
  if (path === undefined) {
    return 'The log goes to standard error: add the last lines yourself, after reading them.';
  }
  return orReason(async () =>
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
  );
}

const secretName = /(URL|KEY|KEY_ID|TOKEN|SECRET|PASSWORD|SECRET_ACCESS_KEY)$/;

/** Takes secrets and addresses of people out of a text. */
export function scrub(text: string, { environment }: Pick<CommandCall, 'environment'>): string {
  let clean = text;
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('CARMIC_') || !secretName.test(name) || value === undefined || value.length < 4) {
      continue;
    }
    const password = URL.canParse(value) ? new URL(value).password : '';
    for (const secret of [value, password, decodeURIComponent(password)].filter((each) => each.length >= 4)) {
      clean = clean.replaceAll(secret, '[removed]');
    }
  }
  return clean.replaceAll(/[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.[\p{L}]{2,}/gu, '[address]');
}
