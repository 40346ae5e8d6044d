/** What somebody who helps from outside needs to see, and nothing of a person: read by a command, whether or not the server runs. Keeps: C4. */
import { writeFile } from 'node:fs/promises';
import { describeLog, describeMachine, describeSettings, orReason, scrub, setValues } from '../admin/system/bundleParts.ts';
import { type Env, readEnv } from '../core/env.ts';
import { type OperatorCommand, textOption } from './command.ts';
import { connectTo, inSnapshot, listMigrations, listTables } from './backup/tables.ts';
import { examine } from './doctor.ts';
import { explain } from './failures.ts';
import { status } from './status.ts';

export const supportBundle: OperatorCommand = {
  help: ['--out FILE  (default: carmic-support-<time>.json); read it before you send it'],
  options: { out: { type: 'string' } },
  async run(call) {
    const env = readEnv(call.environment);
    const path = textOption(call, 'out') ?? `carmic-support-${new Date().toISOString().replaceAll(/[:.]/g, '')}.json`;
    const bundle = {
      ...describeMachine(),
      settings: describeSettings(env),
      checks: await examine(call),
      status: await orReason(async () => (await status.run(call)).data, explain),
      database: await orReason(() => describeDatabase(env), explain),
      log: await describeLog(env, explain),
    };
    // What came from files of secrets is taken out as well as what stands in the environment.
    const text = scrub(scrub(JSON.stringify(bundle, null, 1), call.environment), setValues(env));
    await writeFile(path, `${text}\n`, { mode: 0o600 });
    return { lines: [`${path} is written. Read it before you send it.`], data: { path } };
  },
};

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
