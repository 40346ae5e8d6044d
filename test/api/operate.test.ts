/** The operator's commands beside a running instance. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@carmic/contract';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import type { Check } from '../../server/src/operate/checks/check.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { carmic, environmentOf } from '../support/carmicCommand.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';

const folder = mkdtempSync(join(tmpdir(), 'carmic-operate-'));
let instance: TestInstance;
let caller: Caller;
const env = () => environmentOf(instance);

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_WATCHDOG_SECONDS: '86400' } });
  caller = await instance.createCaller();
});
afterAll(async () => {
  await instance.stop();
  rmSync(folder, { recursive: true, force: true });
});

const checksOf = async (environment: Record<string, string | undefined>) => {
  const { code, data } = await carmic(environment, 'doctor', '--json');
  return { code, found: new Map((data as { checks: Check[] }).checks.map((check) => [check.name, check])) };
};

describe('carmic', () => {
  test('lists its commands, explains each, and answers a mistake with what there is', async () => {
    const help = await carmic({}, 'help');
    expect(help.code).toBe(0);
    for (const name of [
      'status',
      'doctor',
      'backup',
      'restore',
      'verify',
      'rotate-keys',
      'create-admin',
      'reset-second-factor',
      'end-sessions',
      'administrator-link',
      'first-link',
      'enrolment-code',
      'await-schema',
      'clear-address-lists',
      'verify-audit',
      'export-audit',
      'sync-prices',
      'check-ledger',
      'import-archive',
      'reconcile',
      'support-bundle',
    ]) {
      expect(help.out).toContain(`\n  ${name} `);
      expect((await carmic({}, name, '--help')).out).toContain('--json');
    }
    for (const name of ['dance', 'constructor', 'toString']) {
      expect((await carmic({}, name)).code).toBe(64);
    }
    expect(await carmic({}, 'dance')).toMatchObject({ code: 64, err: expect.stringContaining('There is no command "dance"') as string });
    expect(await carmic({}, 'backup', '--too', 'x')).toMatchObject({ code: 64, err: expect.stringContaining('--to PLACE') as string });
  });

  test('never answers with a stack, whatever is wrong', async () => {
    const broken: [Record<string, string | undefined>, string[], RegExp][] = [
      [{}, ['status'], /CARMIC_DATABASE_URL/],
      [{ ...env(), CARMIC_DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/carmic' }, ['status'], /The database cannot be reached/],
      [{ ...env(), CARMIC_DATABASE_URL: 'postgres://nobody:x@db.invalid/carmic' }, ['status'], /no address for the name "db\.invalid"/],
      [{ ...env(), CARMIC_ROOT_KEY_FILE: '/nowhere' }, ['enrolment-code'], /root key \/nowhere cannot be read/],
      [env(), ['enrolment-code', '--agents', '0'], /--agents is a whole number from 1 to 10000, not "0"/],
      [env(), ['backup', '--to', folder, '--keep', 'all'], /--keep is a number from 1 on/],
      [env(), ['export-audit', '--format', 'xml'], /--format is jsonl or cef/],
      [env(), ['rotate-keys', '--workspace', 'none'], /There is no workspace none: name one by its id/],
      [env(), ['rotate-keys', '--workspace', newId()], /There is no workspace [0-9a-f-]{36}/],
      [env(), ['import-archive'], /--file and the account with --email/],
      [env(), ['backup'], /Name the place of the backups/],
      [env(), ['backup', '--to', join(instance.directory, 'root.key', 'x')], /folder of the backups cannot be used/],
      [env(), ['backup', '--to', 's3://bucket'], /CARMIC_BACKUP_S3_ENDPOINT/],
      [env(), ['verify', '--from', folder], /There is no backup of Carmic/],
      [env(), ['create-admin'], /--email/],
      [env(), ['reset-second-factor', '--email', 'nobody@example.test'], /There is no such account/],
      [env(), ['end-sessions', '--email', 'nobody@example.test'], /There is no such account/],
      [env(), ['end-sessions', '--email', ''], /Name the account/],
    ];
    for (const [environment, argv, message] of broken) {
      const { code, err } = await carmic(environment, ...argv);
      expect(code, argv.join(' ')).toBe(78);
      expect(err).toMatch(message);
      expect(err).not.toMatch(/\n\s+at /);
    }
  });

  test('status tells the figures of the instance', async () => {
    await caller.call('createVideo', { body: { fileName: 'a.mp4', sizeBytes: 1000 } });
    const { code, out } = await carmic(env(), 'status');
    expect(code).toBe(0);
    expect(out).toContain('Videos by state (uploading): 1');
    expect(out).toMatch(/Agents that called within the last minute: 0/);
  });

  test('status and the ledger’s proof want neither keys nor storage; a broken storage keeps no administrator out', async () => {
    const withoutKey = { ...env(), CARMIC_ROOT_KEY_FILE: '/nowhere', CARMIC_DATA_DIR: '/nowhere' };
    expect((await carmic(withoutKey, 'status')).code).toBe(0);
    expect((await carmic(withoutKey, 'check-ledger')).out).toBe('The ledger adds up.');
    const full = { ...env(), CARMIC_MIN_FREE_BYTES: String(2 ** 52) };
    expect(await carmic(full, 'reconcile')).toMatchObject({ code: 78, err: expect.stringMatching(/free/) as string });
    expect(await carmic(full, 'administrator-link')).toMatchObject({
      code: 0,
      out: expect.stringContaining('/#/sign-in?token=') as string,
    });
  });

  test('a process that there is not is named, and nothing is started', () => {
    for (const argv of [
      ['web', 'wroker'],
      ['migrate', '--help'],
    ]) {
      const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'server/src/operate/program.ts', ...argv], {
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([64, `"${argv[1] ?? ''}" is no process: there are migrate, web, worker. Nothing was started.\n`]);
    }
  });
});

describe('carmic doctor', () => {
  test('finds nothing wrong where all is well, and looks at everything', async () => {
    await enrolAgent(instance);
    const backups = join(folder, 'backups');
    expect((await carmic(env(), 'backup', '--to', backups)).code).toBe(0);
    const { code, found } = await checksOf({ ...env(), CARMIC_BACKUP_TO: backups });
    expect([...found.values()].filter(({ state }) => state === 'failed')).toEqual([]);
    expect(code).toBe(0);
    expect([...found.keys()]).toEqual(
      expect.arrayContaining([
        'settings',
        'database_reachable',
        'database_version',
        'database_role',
        'schema',
        'clock',
        'database_connections',
        'root_key_file',
        'root_key',
        'storage_private_directory',
        'storage_free_space',
        'storage_round_trip',
        'agents',
        'queue',
        'worker',
        'deletions',
        'retention',
        'backup',
        'mail',
        'certificate',
      ]),
    );
  });

  test('names each thing that is wrong, with what to do, and ends with 1', async () => {
    const client = new Client({ connectionString: instance.database.superuserUrl });
    await client.connect();
    await client.query("UPDATE agents SET last_seen_at = now() - interval '1 hour'");
    await client.query(
      `INSERT INTO erasures (id, workspace_id, scope, cause, requested_at, deadline_at, item_count)
       SELECT $1, id, 'selection', 'request', now() - interval '21 hours', now(), 0 FROM workspaces LIMIT 1`,
      [newId()],
    );
    await client.query("INSERT INTO agenda_jobs (name, next_run_at) VALUES ('nobody.takes.this', now() - interval '10 minutes')");
    chmodSync(join(instance.directory, 'root.key'), 0o644);
    const { code, found } = await checksOf({
      ...env(),
      CARMIC_DATABASE_URL: instance.database.ownerUrl,
      CARMIC_SMTP_URL: 'smtp://127.0.0.1:1',
      CARMIC_BASE_URL: 'https://127.0.0.1:1',
      CARMIC_BACKUP_TO: join(folder, 'empty'),
    });
    chmodSync(join(instance.directory, 'root.key'), 0o600);
    await client.query("DELETE FROM agenda_jobs WHERE name = 'nobody.takes.this'");
    await client.query('DELETE FROM erasures WHERE finished_at IS NULL');
    await client.end();
    expect(code).toBe(1);
    for (const name of ['database_role', 'agents', 'deletions', 'worker', 'root_key_file', 'mail', 'backup']) {
      expect(found.get(name), name).toMatchObject({ state: 'failed', fix: expect.stringMatching(/\w/) as string });
    }
    expect(found.get('certificate')?.state).toBe('warning');
    const full = (await checksOf({ ...env(), CARMIC_MIN_FREE_BYTES: String(2 ** 52) })).found.get('storage_free_space');
    expect(full).toMatchObject({ state: 'warning', fix: expect.stringContaining('Free some space') as string });
  });

  test('says what it can when the settings or the database are broken', async () => {
    expect((await checksOf({ CARMIC_PORT: 'x' })).found.get('settings')?.state).toBe('failed');
    const { code, found } = await checksOf({ ...env(), CARMIC_DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/carmic' });
    expect(code).toBe(1);
    expect(found.get('database_reachable')?.fix).toContain('CARMIC_DATABASE_URL');
  });
});

describe('accounts', () => {
  test('create-admin makes an administrator whose link sets a password, once for each address', async () => {
    const made = await carmic(env(), 'create-admin', '--email', 'jo@example.test', '--name', 'Jo', '--json');
    expect(made.code).toBe(0);
    expect((made.data as { link: string }).link).toMatch(/^http:\/\/carmic\.test\/#\/reset\?token=.{20,}/);
    expect(await carmic(env(), 'create-admin', '--email', 'JO@example.test')).toMatchObject({
      code: 78,
      err: 'Another account uses this email.',
    });
    const token = (made.data as { link: string }).link.split('token=')[1] ?? '';
    const password = 'a long and unusual passphrase 42';
    const call = createClient({ baseUrl: instance.baseUrl });
    await call('completePasswordReset', { body: { token, password } });
    expect(await call('createSession', { body: { email: 'jo@example.test', password } })).toBeDefined();
  });

  test('reset-second-factor lets somebody in again who lost theirs, and ends their sessions', async () => {
    const { deps } = instance.server;
    await deps.db.asSystem((tx) => deps.db.change(tx, 'UPDATE users SET totp_confirmed_at = now() WHERE id = :id', { id: caller.userId }));
    const address = `${caller.userId}@example.test`;
    expect((await carmic(env(), 'reset-second-factor', '--email', address)).code).toBe(0);
    const [row] = await deps.db.asSystem((tx) =>
      deps.db.rows<{ confirmed: Date | null; sessions: number }>(
        tx,
        'SELECT totp_confirmed_at AS confirmed, (SELECT count(*)::integer FROM sessions WHERE user_id = u.id) AS sessions FROM users u WHERE id = :id',
        { id: caller.userId },
      ),
    );
    expect(row).toEqual({ confirmed: null, sessions: 0 });
  });

  test('end-sessions signs one account out, then everybody, from the next request on, and is in the audit log', async () => {
    const [one, other] = [await instance.createCaller(), await instance.createCaller()];
    const isIn = (who: Caller) =>
      who.call('getMe').then(
        () => true,
        () => false,
      );
    expect([await isIn(one), await isIn(other)]).toEqual([true, true]);
    expect(await carmic(env(), 'end-sessions', '--email', `${one.userId}@example.test`)).toMatchObject({
      code: 0,
      out: 'Sessions ended: 1.',
    });
    expect([await isIn(one), await isIn(other)]).toEqual([false, true]);
    expect((await carmic(env(), 'end-sessions')).code).toBe(0);
    expect(await isIn(other)).toBe(false);
    const { deps } = instance.server;
    const events = await deps.db.asSystem((tx) =>
      deps.db.rows<{ subject: string | null }>(
        tx,
        "SELECT subject_id AS subject FROM events WHERE type = 'session.ended' AND actor_id IS NULL ORDER BY id",
      ),
    );
    expect(events.map(({ subject }) => subject)).toEqual([one.userId, null]);
  });
});

test('reconcile tells orphans, and removes them only when asked', async () => {
  const { deps } = instance.server;
  const orphan = keys.source(newId(), newId());
  await deps.store.put(orphan, Buffer.from('nobody’s'), { contentType: 'video/mp4', maxBytes: 100 });
  utimesSync(join(instance.directory, 'objects', 'blobs', orphan), new Date(0), new Date(0));
  const looked = await carmic(env(), 'reconcile');
  expect(looked.code).toBe(1);
  expect(looked.out).toContain(`orphan ${orphan}`);
  expect(await deps.store.head(orphan)).not.toBeNull();
  expect((await carmic(env(), 'reconcile', '--fix')).code).toBe(0);
  expect(await deps.store.head(orphan)).toBeNull();
});

test('a support bundle holds figures and checks, and none of what was planted (C4)', async () => {
  const path = join(folder, 'support.json');
  const logFile = join(folder, 'server.log');
  const planted = [
    'jane.doe@private.example',
    'Jane Planted',
    'a planted title',
    'hunter2secret',
    '198.51.100.77',
    'planted-transcript-words',
  ];
  writeFileSync(
    logFile,
    `${JSON.stringify({ level: 50, time: '2026-11-27T00:00:00Z', msg: 'a job failed', err: { type: 'Error', code: 'E1', message: planted.join(' '), stack: planted.join(' ') }, address: planted[4] })}\nno JSON ${planted.join(' ')}\n`,
  );
  const { deps } = instance.server;
  await deps.db.asSystem((tx) =>
    deps.db.change(tx, "UPDATE users SET email = 'jane.doe@private.example', name = 'Jane Planted' WHERE id = :id", { id: caller.userId }),
  );
  const environment = {
    ...env(),
    CARMIC_LOG_FILE: logFile,
    CARMIC_SMTP_URL: 'smtp://jane.doe%40private.example:hunter2secret@127.0.0.1:1',
    CARMIC_MAIL_FROM: 'Jane Planted <jane.doe@private.example>',
    CARMIC_INSTANCE_NAME: 'Jane Planted',
    CARMIC_DEEPGRAM_KEY: 'hunter2secret',
  };
  const { code } = await carmic(environment, 'support-bundle', '--out', path);
  expect(code).toBe(0);
  const text = readFileSync(path, 'utf8');
  for (const secret of [
    ...planted,
    new URL(instance.database.appUrl).password,
    caller.token,
    readFileSync(join(instance.directory, 'root.key'), 'utf8').trim(),
  ]) {
    // Passwords of test databases are everyday words; as the word of a URL they would stand behind a colon.
    expect(text.includes(secret.length < 8 ? `:${secret}@` : secret), secret).toBe(false);
  }
  const bundle = JSON.parse(text) as {
    checks: Check[];
    log: unknown[];
    settings: Record<string, unknown>;
    database: { rowsOfTables: Record<string, number> };
  };
  expect(bundle.log).toEqual([
    { time: '2026-11-27T00:00:00Z', level: 50, msg: 'a job failed', type: 'Error', code: 'E1' },
    { msg: 'a line that is no entry of a log' },
  ]);
  expect(bundle.settings).toMatchObject({ CARMIC_SMTP_URL: 'set', CARMIC_STORAGE: 'disk', CARMIC_DEEPGRAM_KEY: 'set' });
  expect(bundle.checks.length).toBeGreaterThan(15);
  expect(bundle.database.rowsOfTables['users']).toBeGreaterThan(0);
});
