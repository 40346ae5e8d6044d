/** What administrators see of the installation itself: release, schema, features, settings, jobs and the support bundle. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrations } from '../../server/src/db/migrations/index.ts';
import { newId } from '../../server/src/core/ids.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';

let instance: TestInstance;
let admin: Caller;
const secret = 'dg-hunter2secret';
const broken = new Set<string>();
const done: string[] = [];

beforeAll(async () => {
  const file = join('/tmp', `carmic-system-${process.pid}.key`);
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  instance = await startInstance({
    hasOwnLog: true,
    env: {
      CARMIC_DEEPGRAM_KEY_FILE: file,
      CARMIC_IMPORT_HOSTS: 'media.harbour.example',
      CARMIC_SMTP_URL: 'smtp://jane.doe%40private.example:hunter2@127.0.0.1:1',
      CARMIC_MAIL_FROM: 'Jane Planted <jane.doe@private.example>',
    },
  });
  admin = await instance.createCaller({ isAdmin: true });
  const { jobs } = instance.server.deps;
  const payload = z.object({ id: z.uuid() });
  jobs.define({
    name: 'test.plain',
    payload,
    maxAttempts: 1,
    run: ({ id }) => {
      if (broken.has(id)) {
        return Promise.reject(new Error('The far end of "jane.doe@private.example" did not answer.'));
      }
      done.push(id);
      return Promise.resolve();
    },
  });
  jobs.define({
    name: 'test.handled',
    payload,
    maxAttempts: 1,
    run: () => Promise.reject(new Error('no')),
    onExhausted: () => Promise.resolve(),
  });
});
afterAll(() => instance.stop());

describe('the system', () => {
  test('tells its release, its schema, and what is on and what is not', async () => {
    const before = await admin.call('getSystem');
    expect(before.release).toMatch(/^\d+\.\d+\.\d+$/);
    expect(before.migrations).toEqual({ applied: migrations.map(({ name }) => name).sort(), pending: [] });
    const stateOf = (system: typeof before, name: string) => system.features.find((feature) => feature.name === name)?.state;
    expect(['agents', 'deepgram', 'url_import', 'webhooks', 'mail', 'billing'].map((name) => stateOf(before, name))).toEqual([
      ...['off', 'on', 'on', 'off', 'on', 'off'],
    ]);
    await enrolAgent(instance, ['inspect']);
    expect(stateOf(await admin.call('getSystem'), 'agents')).toBe('on');
  });

  test('says that a third party is refused when the register switches it off', async () => {
    await admin.call('updateThirdParty', { params: { party: 'deepgram' }, body: { isOff: true } });
    const state = async () => (await admin.call('getSystem')).features.find(({ name }) => name === 'deepgram')?.state;
    await until('the refusal', async () => ((await state()) === 'refused' ? true : null));
  });

  test('says where each setting comes from, checks values, and never shows a secret', async () => {
    const { items } = await admin.call('listSettings');
    const of = (name: string) => items.find((setting) => setting.name === name);
    expect(items.length).toBeGreaterThan(90);
    expect(of('CARMIC_DEEPGRAM_KEY')).toMatchObject({ source: 'file', isSecret: true, isSet: true, value: null });
    expect(of('CARMIC_IMPORT_HOSTS')).toMatchObject({ source: 'environment', value: 'media.harbour.example', defaultValue: null });
    expect(of('CARMIC_MAX_DURATION_SECONDS')).toMatchObject({ source: 'default', value: '21600', defaultValue: '21600', group: 'limits' });
    expect(JSON.stringify(items)).not.toContain('hunter2');
    expect(items.filter(({ help }) => help === '')).toEqual([]);

    expect(of('CARMIC_TRANSLATION_ENGINES')).toMatchObject({ source: 'default', value: null });
    await admin.call('updateInstanceEngines', { params: { kind: 'translation' }, body: { order: ['language-model'] } });
    const chosen = (await admin.call('listSettings')).items.find(({ name }) => name === 'CARMIC_TRANSLATION_ENGINES');
    expect(chosen).toMatchObject({ source: 'database', value: 'language-model' });

    const check = async (name: string, value: string) => (await admin.call('checkSetting', { params: { name }, body: { value } })).problems;
    expect(await check('CARMIC_MAX_DURATION_SECONDS', '7200')).toEqual([]);
    expect(await check('CARMIC_MAX_DURATION_SECONDS', 'long')).toMatchObject([
      { code: 'not_number', text: expect.stringContaining('number') },
    ]);
    expect(await check('CARMIC_SECURITY_CONTACT', 'Ada')).toMatchObject([{ code: 'contact', values: [] }]);
    await expect(check('CARMIC_DEEPGRAM_KEY', 'x')).rejects.toMatchObject({ status: 404 });
    await expect(check('PATH', '/bin')).rejects.toMatchObject({ status: 404 });
  });

  test('lists recurring jobs with their turns, and does one now', async () => {
    const recurring = await until('the turn of the watchdog', async () => {
      const found = (await admin.call('getJobs')).recurring.find(({ name }) => name === 'watchdog');
      return found?.lastRunAt == null ? null : found;
    });
    expect(recurring).toMatchObject({ everySeconds: 1, reason: null });
    await admin.call('runJob', { params: { name: 'audit.head' } });
    await expect(admin.call('runJob', { params: { name: 'no.such' } })).rejects.toMatchObject({ status: 404 });
    await expect(admin.call('runJob', { params: { name: 'test.plain' } })).rejects.toMatchObject({ status: 404 });
  });

  test('keeps a job that failed for good with a plain reason, and tries it again', async () => {
    const { jobs } = instance.server.deps;
    const failedOf = async (name: string) => (await admin.call('getJobs')).failed.find((job) => job.name === name) ?? null;
    const id = newId();
    broken.add(id);
    await jobs.enqueue('test.plain', { id });
    const failed = await until('the failure', () => failedOf('test.plain'));
    expect(failed).toMatchObject({ attempts: 1, canRetry: true, reason: 'The far end of … did not answer.' });
    expect((await admin.call('getJobs')).counts.failed).toBeGreaterThan(0);

    broken.delete(id);
    await admin.call('retryJob', { params: { id: failed.id } });
    await until('the second try', async () => (done.includes(id) ? true : Promise.resolve(null)));
    expect(await failedOf('test.plain')).toBeNull();
    await expect(admin.call('retryJob', { params: { id: failed.id } })).rejects.toMatchObject({ status: 404 });
  });

  test('leaves work whose subject says so to its subject, and forgets what an administrator has seen', async () => {
    await instance.server.deps.jobs.enqueue('test.handled', { id: newId() });
    const job = await until(
      'the failure',
      async () => (await admin.call('getJobs')).failed.find(({ name }) => name === 'test.handled') ?? null,
    );
    expect(job.canRetry).toBe(false);
    await expect(admin.call('retryJob', { params: { id: job.id } })).rejects.toMatchObject({ status: 409 });
    await admin.call('forgetJob', { params: { id: job.id } });
    expect((await admin.call('getJobs')).failed.map(({ id }) => id)).not.toContain(job.id);
    await expect(admin.call('forgetJob', { params: { id: job.id } })).rejects.toMatchObject({ status: 404 });
  });

  test('the support bundle has figures and checks, and nothing of people or secrets (C4)', async () => {
    const { deps } = instance.server;
    await deps.db.asSystem((tx) =>
      deps.db.change(tx, "UPDATE users SET email = 'jane.doe@private.example', name = 'Jane Planted' WHERE id = :id", { id: admin.userId }),
    );
    const response = await fetch(`${instance.baseUrl}/api/v1/system/support-bundle`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect(response.headers.get('content-disposition')).toMatch(/carmic-support-.+\.json/);
    const text = await response.text();
    for (const planted of ['jane.doe', 'Jane Planted', 'hunter2', secret, admin.token, admin.userId]) {
      expect(text.includes(planted), planted).toBe(false);
    }
    const bundle = JSON.parse(text) as Record<string, { length?: number; cannotBeTold?: string; [name: string]: unknown }>;
    expect(Object.entries(bundle).filter(([, part]) => part.cannotBeTold !== undefined)).toEqual([]);
    expect(bundle['settings']).toMatchObject({ CARMIC_SMTP_URL: 'set', CARMIC_STORAGE: 'disk' });
    expect(bundle['checks']?.length).toBeGreaterThan(10);
    expect(bundle['schema']).toMatchObject({ migrations: { pending: [] } });
    expect(bundle['log']?.length).toBeGreaterThan(0);
  });
});
