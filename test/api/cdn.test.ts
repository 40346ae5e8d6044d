/** Purging of content networks, over their wire protocols on loopback. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readEnv } from '../../server/src/core/env.ts';
import { createLog } from '../../server/src/core/log.ts';
import { createEgress } from '../../server/src/egress/egress.ts';
import { cdnParties, createCdn } from '../../server/src/retention/cdn/cdn.ts';
import { CdnError } from '../../server/src/retention/cdn/cdnError.ts';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { type CdnStandIn, startCdnStandIn } from '../support/cdnStandIn.ts';
import { startInstance, until } from '../support/instance.ts';
import { uploadVideo } from '../support/upload.ts';

const log = createLog({ level: 'silent' });
let network: CdnStandIn;
beforeAll(async () => {
  network = await startCdnStandIn('token-of-the-test');
});
afterAll(() => network.close());
beforeEach(() => {
  network.calls.length = 0;
  network.refusals.length = 0;
});

const settings = (name: string): Record<string, string> => ({
  CARMIC_CDN: name,
  CARMIC_CDN_URL: network.nodesUrl,
  CARMIC_CDN_API_URL: network.apiUrl,
  CARMIC_CDN_TOKEN: 'token-of-the-test',
  CARMIC_CDN_ZONE: 'zone-1',
});
function build(name: string, overrides: Record<string, string> = {}) {
  const env = readEnv({ CARMIC_DATABASE_URL: 'x', CARMIC_DATA_DIR: 'x', CARMIC_ROOT_KEY_FILE: 'x', ...settings(name), ...overrides });
  return createCdn(env, createEgress(cdnParties(env), log));
}

describe('purging', () => {
  test.each(['cloudflare', 'fastly', 'bunny'])('%s forgets exactly what is named', async (name) => {
    const cdn = build(name);
    const [gone, kept] = ['w/a/v/b/source', 'w/a/v/c/source'].map((key) => cdn.urlOf(key) ?? '');
    network.cached.add(gone ?? '').add(kept ?? '');
    expect(await cdn.isServed(gone ?? '')).toBe(true);
    await cdn.purge([gone ?? '']);
    expect(await cdn.isServed(gone ?? '')).toBe(false);
    expect(await cdn.isServed(kept ?? '')).toBe(true);
  });

  test('Cloudflare gets at most 100 URLs a call, in order, and no faster than 800 a second', async () => {
    const cdn = build('cloudflare');
    const urls = Array.from({ length: 1250 }, (_, index) => cdn.urlOf(`w/x/${index}`) ?? '');
    const startedAt = performance.now();
    await cdn.purge(urls);
    expect(performance.now() - startedAt).toBeGreaterThan(450);
    expect(network.calls.map((call) => call.length)).toEqual([...Array.from({ length: 12 }, () => 100), 50]);
    expect(network.calls.flat()).toEqual(urls);
  });

  test.each([
    ['429 with seconds', { status: 429, retryAfter: '17' }, 17],
    ['503 without a word', { status: 503 }, undefined],
  ])('%s is an error that says when to come again', async (_, refusal, seconds) => {
    network.refusals.push(refusal);
    const error = await build('cloudflare')
      .purge(['http://x/1'])
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CdnError);
    expect((error as CdnError).retryAfterSeconds).toBe(seconds);
  });

  test('a wrong token is an error, and a network without its settings refuses the start', async () => {
    await expect(build('cloudflare', { CARMIC_CDN_TOKEN: 'wrong' }).purge(['http://x/1'])).rejects.toThrow(/403/);
    expect(() => build('cloudflare', { CARMIC_CDN_ZONE: '' })).toThrow(/CARMIC_CDN_ZONE/);
  });
});

test('a deletion waits as long as the network asks, and is done only when its nodes serve nothing more (R6)', async () => {
  const instance = await startInstance({ processes: ['web'], env: settings('cloudflare') });
  const { deps } = instance.server;
  const caller = await instance.createCaller();
  const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('cached'));
  const url = deps.cdn.urlOf(`w/${caller.workspaceId}/v/${video.id}/source`) ?? '';
  network.cached.add(url);
  network.refusals.push({ status: 429, retryAfter: '120' });
  const { id } = await caller.call('createErasure', { body: { scope: 'video', videoId: video.id } });
  const look = () => caller.call('getErasure', { params: { id } });
  await workErasures(deps);
  const waiting = await look();
  expect(waiting).toMatchObject({ state: 'running', hasReceipt: false });
  expect(waiting.waitingFor).toMatch(/429/);
  expect(Date.parse(waiting.retryAt ?? '') - Date.now()).toBeGreaterThan(100_000);
  expect(waiting.steps.find((step) => step.name === 'deleted')?.doneCount).toBe(1);
  expect(await workErasures(deps)).toBe(0);

  // A node that still has it after the purge: purged again, not called done.
  const hurry = () => deps.db.asSystem((tx) => deps.db.change(tx, 'UPDATE erasure_items SET run_after = now()'));
  const { purge } = deps.cdn;
  let isDeaf = true;
  deps.cdn = { ...deps.cdn, purge: (urls) => (isDeaf ? Promise.resolve() : purge(urls)) };
  await hurry();
  expect(await workErasures(deps)).toBe(0);
  expect((await look()).waitingFor).toMatch(/still served/);
  isDeaf = false;
  await until('it to be done', async () => {
    await hurry();
    await workErasures(deps);
    return (await look()).state === 'done' ? true : null;
  });
  expect(network.cached.has(url)).toBe(false);
  const [item] = (await caller.call('listErasureItems', { params: { id } })).items;
  const receipt = await caller.call('getItemReceipt', { params: { id: item?.id ?? '' } });
  expect(receipt.body['probes']).toMatchObject([{ target: 'storage' }, { target: 'cloudflare', method: 'head', asked: 1, found: 0 }]);
  await instance.stop();
});
