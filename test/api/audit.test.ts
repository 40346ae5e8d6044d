/** The audit log: what a database administrator could do to it, and what the chain and its signed heads say then. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventType } from '@carmic/contract';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyAudit, writeHead } from '../../server/src/admin/auditChain.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
let admin: Caller;
let superuser: Client;

beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
  admin = await instance.createCaller({ isAdmin: true });
  superuser = new Client({ connectionString: instance.database.superuserUrl });
  await superuser.connect();
  for (let turn = 0; turn < 5; turn++) {
    await admin.call('updateMe', { body: { name: `Somebody ${turn}` } });
  }
});
afterAll(async () => {
  await superuser.end();
  await instance.stop();
});

const heads = () => join(instance.directory, 'audit', 'heads.jsonl');
const verify = () => verifyAudit(instance.server.deps);

describe('the audit chain', () => {
  let keptHeads = '';
  beforeEach(async () => {
    await writeHead(instance.server.deps);
    keptHeads = readFileSync(heads(), 'utf8');
    await superuser.query(
      'CREATE TABLE kept_events AS SELECT txid::text, id, workspace_id, type, video_id, subject_id, actor_id, data, created_at FROM events',
    );
    await superuser.query('CREATE TABLE kept_chain AS SELECT sequence, event_txid::text AS event_txid, event_id, hash FROM audit_chain');
  });
  afterEach(async () => {
    await superuser.query('TRUNCATE audit_chain, events');
    await superuser.query(
      `INSERT INTO events (txid, id, workspace_id, type, video_id, subject_id, actor_id, data, created_at) OVERRIDING SYSTEM VALUE
       SELECT txid::xid8, id, workspace_id, type, video_id, subject_id, actor_id, data, created_at FROM kept_events`,
    );
    await superuser.query('INSERT INTO audit_chain SELECT sequence, event_txid::xid8, event_id, hash FROM kept_chain');
    await superuser.query('DROP TABLE kept_events, kept_chain');
    writeFileSync(heads(), keptHeads);
    expect((await verify()).isIntact).toBe(true);
  });

  test('is intact after ordinary work', async () => {
    const report = await verify();
    expect(report).toMatchObject({ isIntact: true, problems: [] });
    expect(report.entries).toBeGreaterThan(5);
  });

  const attacks: Record<string, () => Promise<unknown>> = {
    'an edited event': () => superuser.query("UPDATE events SET data = '{\"fields\": []}' WHERE type = 'user.updated'"),
    'an edited time': () => superuser.query("UPDATE events SET created_at = created_at + interval '1 microsecond'"),
    'a removed event': () => superuser.query('DELETE FROM events WHERE id = (SELECT min(id) FROM events)'),
    'a removed event with its link': async () => {
      const { rows } = await superuser.query<{ sequence: string }>(
        'DELETE FROM audit_chain WHERE sequence = 3 RETURNING sequence, event_id',
      );
      await superuser.query(
        'DELETE FROM events e WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.event_id = e.id AND c.event_txid = e.txid)',
      );
      return rows;
    },
    'an inserted event': () => superuser.query("INSERT INTO events (txid, type, created_at) VALUES ('1', 'session.created', now())"),
    'two swapped events': () =>
      superuser.query(
        `UPDATE audit_chain a SET event_id = b.event_id, event_txid = b.event_txid FROM kept_chain_view b WHERE a.sequence = b.sequence`,
      ),
    'a cut end': async () => {
      await superuser.query('DELETE FROM audit_chain WHERE sequence > 2');
      await superuser.query(
        'DELETE FROM events e WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.event_id = e.id AND c.event_txid = e.txid)',
      );
    },
    'a full rebuild': async () => {
      await superuser.query("UPDATE events SET data = '{\"rebuilt\": true}' WHERE type = 'user.updated'");
      await superuser.query('TRUNCATE audit_chain');
    },
    'a head that somebody else signed': () => {
      appendFileSync(
        heads(),
        `${JSON.stringify({ sequence: 1, hash: '00', at: '2026-01-01', signature: Buffer.alloc(64).toString('base64') })}\n`,
      );
      return Promise.resolve();
    },
    'missing heads': () => {
      rmSync(heads());
      return Promise.resolve();
    },
  };
  for (const [name, attack] of Object.entries(attacks)) {
    test(`shows ${name}`, async () => {
      if (name === 'two swapped events') {
        await superuser.query('ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_event_txid_event_id_key');
        await superuser.query(`CREATE TEMP TABLE kept_chain_view AS
          SELECT 5 - sequence AS sequence, event_id, event_txid FROM audit_chain WHERE sequence IN (2, 3)`);
      }
      await attack();
      const report = await verify();
      expect(report.isIntact).toBe(false);
      expect(report.problems.length).toBeGreaterThan(0);
      if (name === 'two swapped events') {
        await superuser.query('DROP TABLE kept_chain_view');
        await superuser.query('TRUNCATE audit_chain');
        await superuser.query('ALTER TABLE audit_chain ADD UNIQUE (event_txid, event_id)');
      }
    });
  }

  test('is narrowed to what its entries are about, and to one kind of them', async () => {
    const kinds = async (query: { area?: string; type?: EventType }) => {
      const { items } = await admin.call('listAuditEntries', { query: { limit: 200, ...query } });
      return [...new Set(items.map(({ type }) => type))];
    };
    expect(await kinds({ area: 'session' })).toEqual(['session.created']);
    expect(await kinds({ area: 'user' })).toEqual(['user.updated']);
    expect((await kinds({})).length).toBeGreaterThan(1);
    expect(await kinds({ area: 'user', type: 'session.created' })).toEqual([]);
    expect(await kinds({ area: 'nothing' })).toEqual([]);
  });

  test('stays valid when a person is erased, whose name goes', async () => {
    const victim = await instance.createCaller();
    await victim.call('updateMe', { body: { name: 'Planted Name' } });
    const nameIn = async () => {
      const { items } = await admin.call('listAuditEntries', { query: { limit: 200 } });
      return items.some((entry) => entry.actor?.name === 'Planted Name');
    };
    expect(await nameIn()).toBe(true);
    await victim.call('deleteMe', { body: { confirmation: 'delete my account' } });
    expect(await nameIn()).toBe(false);
    expect((await verify()).isIntact).toBe(true);
    const { rows } = await superuser.query<{ text: string }>('SELECT e::text AS text FROM events e');
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter(({ text }) => /Planted|Somebody|@/.test(text))).toEqual([]);
    await superuser.query("DELETE FROM events WHERE type = 'no such event'");
  });
});

test('an event with text that a person may have written is refused', async () => {
  const { db, appendEvent } = instance.server.deps;
  const append = (data: Record<string, unknown>) => db.asSystem((tx) => appendEvent(tx, { workspaceId: null, type: 'user.updated', data }));
  await expect(append({ fields: ['name'], name: 'Ada Lovelace' })).rejects.toThrow('was to carry text in name');
  await expect(append({ nested: [{ email: 'ada@example.test' }] })).rejects.toThrow('was to carry text in email');
  await append({ fields: ['name', 'email'], by: 'identity_provider', at: '2026-11-27T09:30:00.000Z', engine: 'whisper base.en', count: 2 });
});

test('the application’s role can add to the chain and neither change nor remove', async () => {
  const app = new Client({ connectionString: instance.database.appUrl });
  await app.connect();
  await expect(app.query('DELETE FROM audit_chain')).rejects.toThrow(/permission denied/);
  await expect(app.query("UPDATE audit_chain SET hash = ''")).rejects.toThrow(/permission denied/);
  await app.end();
});

test('the log is exported as JSON lines and as CEF', async () => {
  const admin = await instance.createCaller({ isAdmin: true });
  const read = async (format: 'cef' | 'jsonl') => {
    const response = await fetch(`${instance.baseUrl}/api/v1/audit-exports/${format}`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toContain(`audit.${format}`);
    return (await response.text()).trimEnd().split('\n');
  };
  const [lines, json] = [await read('cef'), await read('jsonl')];
  expect(lines.length).toBe(json.length);
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    expect(line).toMatch(/^CEF:0\|Carmic\|Carmic\|1\|[a-z_.]+\|[a-z_.]+\|3\|rt=\d+ externalId=\d+-\d+ /);
  }
  expect(json.every((line) => typeof (JSON.parse(line) as { hash: unknown }).hash === 'string')).toBe(true);
});
