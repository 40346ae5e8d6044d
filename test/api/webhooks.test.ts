/** Outgoing webhooks against a real receiver. */
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError } from '@carmic/contract';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deliverDue, pauseSeconds } from '../../server/src/webhooks/deliver.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';

interface Call {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

let instance: TestInstance;
let receiver: Server;
let url: string;
let owner: Caller;
let calls: Call[] = [];
let status = 200;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      calls.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  instance = await startInstance({ env: { CARMIC_OUTGOING_HOSTS: '127.0.0.1 10.0.0.1', CARMIC_OUTGOING_PRIVATE_RANGES: '127.0.0.1/32' } });
});
beforeEach(async () => {
  status = 200;
  owner = await instance.createCaller();
  calls = [];
});
afterAll(async () => {
  await instance.stop();
  receiver.close();
});

const signatureOf = (secret: string, call: Call) => {
  const [time = '', ...signatures] = String(call.headers['carmic-signature']).split(',');
  const expected = createHmac('sha256', secret)
    .update(`${time.slice(2)}.${call.body}`)
    .digest('hex');
  return { fits: signatures.includes(`v1=${expected}`), count: signatures.length };
};
const callOf = (type: string) =>
  until(`a call for ${type}`, () => Promise.resolve(calls.find((call) => (JSON.parse(call.body) as { type: string }).type === type)));
const deliveries = async (id: string) => (await owner.call('listDeliveries', { params: { id } })).items;

test('an event arrives, signed over its time and its bytes, and other types do not', async () => {
  const { webhook, secret } = await owner.call('createWebhook', { body: { url, eventTypes: ['workspace.updated'] } });
  await owner.call('updateMe', { body: { name: 'Not asked for' } });
  await owner.call('updateOwnWorkspace', { body: { name: 'Renamed' } });
  const call = await callOf('workspace.updated');
  expect(signatureOf(secret, call)).toEqual({ fits: true, count: 1 });
  expect(signatureOf('another secret', call).fits).toBe(false);
  expect(JSON.parse(call.body)).toMatchObject({ workspaceId: owner.workspaceId, id: call.headers['carmic-event-id'] });
  await until('the log', async () => ((await deliveries(webhook.id))[0]?.state === 'delivered' ? true : null));
  expect(calls).toHaveLength(1);
});

test('two secrets sign while a rotation overlaps, and one without overlap', async () => {
  const { webhook, secret: first } = await owner.call('createWebhook', { body: { url, eventTypes: ['plan.created'] } });
  const params = { id: webhook.id };
  const { secret: second, webhook: rotated } = await owner.call('rotateWebhookSecret', { params, body: { overlapHours: 1 } });
  expect(rotated.secretCount).toBe(2);
  await owner.call('testWebhook', { params });
  const call = await callOf('webhook.test');
  expect(signatureOf(first, call)).toEqual({ fits: true, count: 2 });
  expect(signatureOf(second, call).fits).toBe(true);
  calls = [];
  const { secret: third } = await owner.call('rotateWebhookSecret', { params, body: { overlapHours: 0 } });
  await owner.call('testWebhook', { params });
  expect(signatureOf(third, await callOf('webhook.test'))).toEqual({ fits: true, count: 1 });
});

test('a refusal is tried again with growing pauses for a day, then given up, and can be replayed', async () => {
  const { deps } = instance.server;
  expect(pauseSeconds.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(24 * 3600 - 1);
  status = 500;
  const { webhook } = await owner.call('createWebhook', { body: { url, eventTypes: ['plan.created'] } });
  const params = { id: webhook.id };
  await owner.call('testWebhook', { params });
  const first = await until('the first refusal', async () => (await deliveries(webhook.id)).find((each) => each.lastStatus === 500));
  expect(first).toMatchObject({ state: 'pending', attempts: 1, lastError: 'The address answered 500.' });
  for (let attempt = 2; attempt <= pauseSeconds.length + 1; attempt++) {
    await deps.db.asSystem((tx) =>
      deps.db.change(tx, "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE id = :id AND state = 'pending'", { id: first.id }),
    );
    await deliverDue(deps);
    await until(`attempt ${attempt}`, async () => {
      const [row] = await deliveries(webhook.id);
      return row?.attempts === attempt && (row.nextAttemptAt === null || Date.parse(row.nextAttemptAt) > Date.now()) ? true : null;
    });
  }
  expect((await deliveries(webhook.id))[0]).toMatchObject({ state: 'failed', nextAttemptAt: null });
  status = 204;
  await owner.call('replayDelivery', { params: { id: webhook.id, deliveryId: first.id } });
  await until('the replay', async () => ((await deliveries(webhook.id))[0]?.state === 'delivered' ? true : null));
  const ids = calls.map((call) => call.headers['carmic-event-id']);
  expect(new Set(ids).size).toBe(1);
});

test('an address that takes nothing for three days is switched off, and can be switched on again', async () => {
  const { deps } = instance.server;
  status = 500;
  const { webhook } = await owner.call('createWebhook', { body: { url, eventTypes: ['plan.created'] } });
  const params = { id: webhook.id };
  await deps.db.asSystem((tx) =>
    deps.db.change(tx, "UPDATE webhook_endpoints SET failing_since = now() - interval '4 days' WHERE id = :id", { id: webhook.id }),
  );
  await owner.call('testWebhook', { params });
  const off = await until('the end', async () => {
    const found = await owner.call('getWebhook', { params });
    return found.isEnabled ? null : found;
  });
  expect(off.disabledReason).toMatch(/three days/);
  expect(await owner.call('updateWebhook', { params, body: { isEnabled: true } })).toMatchObject({ isEnabled: true, failingSince: null });
});

test('an address that the operator did not open, or that leads inside, is refused with a sentence', async () => {
  for (const bad of ['https://example.org/', 'http://10.0.0.1/', 'ftp://127.0.0.1/', 'http://[::ffff:10.0.0.1]/']) {
    const refusal = await owner.call('createWebhook', { body: { url: bad } }).catch((error: unknown) => error);
    expect(refusal, bad).toBeInstanceOf(ApiError);
    expect((refusal as ApiError).code, bad).toBe('invalid_input');
  }
});

test('the address and the secrets are sealed in their row', async () => {
  const { deps } = instance.server;
  const { secret } = await owner.call('createWebhook', { body: { url: `${url}?token=planted-in-the-address` } });
  const rows = await deps.db.asSystem((tx) => deps.db.rows<{ row: string }>(tx, 'SELECT w::text AS row FROM webhook_endpoints w'));
  const hex = (text: string) => Buffer.from(text).toString('hex');
  expect(rows.some(({ row }) => row.includes(hex('planted-in-the-address')) || row.includes(hex(secret)))).toBe(false);
});

test('a change that names an older version is refused, and the present one is taken', async () => {
  const { webhook } = await owner.call('createWebhook', { body: { url } });
  const at = new URL(`/api/v1/webhooks/${webhook.id}`, instance.baseUrl);
  const headers = { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' };
  const etag = (await fetch(at, { headers })).headers.get('etag') ?? '';
  const change = (match: string, isEnabled: boolean) =>
    fetch(at, { method: 'PATCH', headers: { ...headers, 'if-match': match }, body: JSON.stringify({ isEnabled }) });
  expect((await change(etag, false)).status).toBe(200);
  expect((await change(etag, true)).status).toBe(412);
  expect(
    (await fetch(at, { headers: { ...headers, 'if-none-match': (await fetch(at, { headers })).headers.get('etag') ?? '' } })).status,
  ).toBe(304);
});
