import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { StartError } from '../core/errors.ts';
import { migrations } from './migrations/index.ts';
import { readDatabaseAddress } from './tls.ts';

export interface AwaitSchemaOptions {
  longestWaitMs: number;
  pauseMs: number;
  /** Told why it waits, each time the reason changes. */
  say: (text: string) => void;
}

/**
 * Waits until the database has every migration of this version, so that a server is not started before its schema is there. `url` is the
 * application's own: no owner's rights are needed. Throws StartError when the wait is over first.
 */
export async function awaitSchema(url: string, { longestWaitMs, pauseMs, say }: AwaitSchemaOptions): Promise<void> {
  const endsAt = performance.now() + longestWaitMs;
  let said = '';
  for (;;) {
    const reason = await whyNotYet(url);
    if (reason === null) {
      return;
    }
    if (performance.now() >= endsAt) {
      throw new StartError(
        `The schema was not ready within ${Math.round(longestWaitMs / 1000)} s: ${reason}. Look at the migrate process.`,
      );
    }
    if (reason !== said) {
      say(`waiting: ${reason}`);
      said = reason;
    }
    await sleep(pauseMs);
  }
}

async function whyNotYet(databaseUrl: string): Promise<string | null> {
  const { url, ssl } = readDatabaseAddress(databaseUrl);
  const client = new Client({ connectionString: url, ssl, connectionTimeoutMillis: 5000, query_timeout: 5000 });
  // A connection that breaks later tells so here as well; the query has the reason.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migrations');
    const there = new Set(rows.map((row) => row.name));
    const missing = migrations.filter(({ name }) => !there.has(name)).length;
    return missing === 0 ? null : `${missing} of ${migrations.length} migrations have not run yet`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // No table, or no right to read it: a schema of before the right was given, or none at all.
    return code === '42P01' || code === '42501' ? 'the schema is not there yet' : `the database does not answer (${describe(error)})`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error));
