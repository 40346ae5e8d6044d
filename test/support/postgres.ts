import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { appRole, ensureDatabase, ownerRole } from '../../server/src/db/roles.ts';

export interface TestDatabase {
  readonly name: string;
  /** Of the application's role: owns nothing, cannot bypass row security. */
  readonly appUrl: string;
  /** Of the role that owns the tables, for migrations. */
  readonly ownerUrl: string;
  /** For looking at what no role of the product may see. */
  readonly superuserUrl: string;
  /** Ends all sessions and removes the database. */
  drop(): Promise<void>;
}

/** Makes a database for one test file: a clone of the migrated template, or with `isEmpty` one without any table. */
export async function createTestDatabase(options: { isEmpty?: boolean } = {}): Promise<TestDatabase> {
  const { superuserUrl, ownerPassword, appPassword, template } = inject('postgres');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(superuserUrl, async (client) => {
    if (options.isEmpty !== true) {
      await client.query(`CREATE DATABASE ${name} OWNER ${ownerRole} TEMPLATE ${template} STRATEGY file_copy`);
    }
    await ensureDatabase(client, name);
  });
  const urlFor = (role: string, password: string) => {
    const url = new URL(superuserUrl);
    Object.assign(url, { username: role, password, pathname: `/${name}` });
    return url.href;
  };
  return {
    name,
    appUrl: urlFor(appRole, appPassword),
    ownerUrl: urlFor(ownerRole, ownerPassword),
    superuserUrl: urlFor('postgres', decodeURIComponent(new URL(superuserUrl).password)),
    drop: () => asSuperuser(superuserUrl, async (client) => void (await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
}

async function asSuperuser<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
