import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { createLog } from '../../core/log.ts';
import type { Database } from '../../db/database.ts';
import { type OperationsServer, startOperations } from './operationsServer.ts';

const log = createLog({ level: 'silent' });
const metrics = {
  observe: () => undefined,
  hasCallers: () => false,
  read: () => Promise.resolve({ contentType: 'text/plain', text: 'carmic_agents 1' }),
};
let server: OperationsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A database that only answers whether it is there. */
const database = (asSystem: () => Promise<unknown>) => ({ asSystem }) as unknown as Database;

async function start(
  db: Database,
  stopping = new AbortController().signal,
  port = 0,
): Promise<(path: string, method?: string) => Promise<[number, string]>> {
  server = await startOperations({ db, log }, { host: '127.0.0.1', port, metrics, stopping });
  const base = `http://127.0.0.1:${server.port}`;
  return async (path, method = 'GET') => {
    const reply = await fetch(`${base}${path}`, { method });
    return [reply.status, await reply.text()];
  };
}

describe('the port for operators', () => {
  test('tells that the process lives, is ready, and its figures', async () => {
    const get = await start(database(() => Promise.resolve([])));
    expect(await get('/livez')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
    expect(await get('/metrics')).toEqual([200, 'carmic_agents 1\n']);
  });

  test('is alive but not ready without a database, and while it stops', async () => {
    const get = await start(database(() => Promise.reject(new Error('gone'))));
    expect(await get('/livez')).toEqual([200, 'ok\n']);
    expect(await get('/readyz')).toEqual([503, 'the database cannot be reached\n']);
    await server?.close();
    const stopping = await start(
      database(() => Promise.resolve([])),
      AbortSignal.abort(),
    );
    expect(await stopping('/readyz')).toEqual([503, 'stopping\n']);
  });

  test('a database that hangs is told within seconds', async () => {
    const get = await start(database(() => new Promise(() => undefined)));
    const startedAt = performance.now();
    expect(await get('/readyz')).toEqual([503, 'the database does not answer\n']);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('has nothing else, and takes nothing', async () => {
    const get = await start(database(() => Promise.resolve([])));
    expect((await get('/api/v1/videos'))[0]).toBe(404);
    expect((await get('/livez', 'POST'))[0]).toBe(405);
  });

  test('a taken port is said in words', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(
      start(
        database(() => Promise.resolve([])),
        undefined,
        port,
      ),
    ).rejects.toThrow(/CARMIC_OPERATIONS_PORT/);
    other.close();
  });
});
