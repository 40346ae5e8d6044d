/** A server on a PostgreSQL of its own, for measuring. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createLog } from '../../../server/src/core/log.ts';
import { appRole } from '../../../server/src/db/roles.ts';
import { startServer } from '../../../server/src/main.ts';
import { startTestPostgres } from '../../support/testPostgres.ts';

export interface BenchServer {
  server: Awaited<ReturnType<typeof startServer>>;
  /** The folder of its data. */
  directory: string;
  /** Its database as the superuser sees it, whom no policy holds back. */
  superuserUrl: string;
  /** What another process of the same installation is started with. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts one; `env` is added to what every bench needs. */
export async function startBenchServer(options: {
  env?: Record<string, string>;
  processes: Parameters<typeof startServer>[0]['processes'];
}): Promise<BenchServer> {
  const postgres = await startTestPostgres();
  const directory = mkdtempSync(join(tmpdir(), 'carmic-bench-'));
  const { superuserUrl, template, appPassword, ownerPassword } = postgres.access;
  const admin = new Client({ connectionString: superuserUrl });
  await admin.connect();
  await admin.query(`ALTER DATABASE ${template} ALLOW_CONNECTIONS true`);
  await admin.end();
  const pathname = `/${template}`;
  const urlFor = (username: string, password: string) => Object.assign(new URL(superuserUrl), { username, password, pathname }).href;
  const rootKeyFile = join(directory, 'root.key');
  writeFileSync(rootKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  const env = {
    CARMIC_MODE: 'test',
    CARMIC_DATABASE_URL: urlFor(appRole, appPassword),
    CARMIC_MIGRATION_DATABASE_URL: urlFor('carmic_owner', ownerPassword),
    CARMIC_DATA_DIR: directory,
    CARMIC_MIN_FREE_BYTES: '0',
    CARMIC_ROOT_KEY_FILE: rootKeyFile,
    ...options.env,
  };
  const server = await startServer({ env, processes: options.processes, log: createLog({ level: 'error' }) });
  return {
    server,
    env,
    directory,
    superuserUrl: Object.assign(new URL(superuserUrl), { pathname }).href,
    async stop() {
      await server.close();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
