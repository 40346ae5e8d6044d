/** Files of brand kits are deleted like videos: bytes, versions, receipt, journal. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePng } from '../../server/src/clips/brand/logoFile.ts';
import { newId } from '../../server/src/core/ids.ts';
import { pruneJournal, replayJournal } from '../../server/src/retention/erasure/journal.ts';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { verifyReceipt } from '../../server/src/retention/receipts/verifyReceipt.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
let admin: Caller;
const deps = () => instance.server.deps;
const png = (width: number) => writePng(width, 20, Buffer.alloc(width * 20 * 4, 0x80)).toString('base64');

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_WATCHDOG_SECONDS: '86400' } });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(() => instance.stop());

const putLogo = (who: Caller, id: string, width: number) =>
  who.call('putBrandAsset', { params: { id }, body: { kind: 'logo', contentBase64: png(width) } });

async function makeKit(who: Caller): Promise<string> {
  const { id } = await who.call('createBrandKit', { body: { name: 'Ours' } });
  await putLogo(who, id, 40);
  return id;
}

/** The files of brand kits that the storage holds of a workspace. */
async function bytesOf(who: Caller): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of deps().store.listVersions(keys.workspacePrefix(who.workspaceId))) {
    found.push(...(key.includes('/b/') ? [key] : []));
  }
  return found;
}

async function finished(who: Caller) {
  await expect
    .poll(
      async () => {
        await workErasures(deps(), { pace: 'none' });
        return (await who.call('listErasures', { query: { state: 'open' } })).items.length;
      },
      { timeout: 60_000 },
    )
    .toBe(0);
  return (await who.call('listErasures', { query: {} })).items;
}

test('a replaced logo and a deleted kit each leave a receipt, and no byte, row or counted byte (R5, R6)', async () => {
  const who = await instance.createCaller();
  const id = await makeKit(who);
  await putLogo(who, id, 60);
  expect((await finished(who)).map(({ scope, objectCount }) => [scope, objectCount])).toEqual([['brand_file', 1]]);
  expect(await bytesOf(who)).toHaveLength(1);
  await who.call('deleteBrandKit', { params: { id } });
  const done = await finished(who);
  expect(done.map(({ scope }) => scope)).toEqual(['brand_kit', 'brand_file']);
  expect(await bytesOf(who)).toEqual([]);
  const keySet = JSON.stringify(await who.call('getReceiptKeys'));
  for (const erasure of done) {
    const { items } = await who.call('listErasureItems', { params: { id: erasure.id }, query: {} });
    expect(items.map((item) => item.subject.kind)).toEqual(['brand_file']);
    const receipt = await who.call('getItemReceipt', { params: { id: items[0]?.id ?? '' } });
    expect(verifyReceipt(JSON.stringify(receipt), keySet)).toMatchObject({ isValid: true, isKnownKey: true });
    expect(receipt.body).toMatchObject({ keys: { count: 1 }, probes: [{ target: 'storage', method: 'list_versions', found: 0 }] });
  }
  const rows = await deps().db.asSystem((tx) =>
    deps().db.rows(tx, 'SELECT 1 FROM stored_objects WHERE workspace_id = :id', { id: who.workspaceId }),
  );
  expect(rows).toEqual([]);
  expect((await who.call('getEntitlements')).storage.usedBytes).toBe(0);
});

test('everything of a workspace without a video takes its kits too, unless a legal hold keeps them (R5)', async () => {
  const who = await instance.createCaller();
  await makeKit(who);
  const everything = () => who.call('createErasure', { body: { scope: 'workspace', typedVideoCount: 0 } });
  const hold = await admin.call('placeHold', { body: { workspaceId: who.workspaceId, reason: 'A court asked for it.' } });
  await expect(everything()).rejects.toMatchObject({ code: 'wrong_state' });
  expect(await bytesOf(who)).toHaveLength(1);
  await admin.call('releaseHold', { params: { id: hold.id } });
  expect(await everything()).toMatchObject({ scope: 'brand_kit', itemCount: 1 });
  await finished(who);
  expect((await who.call('listBrandKits')).items).toEqual([]);
  expect(await bytesOf(who)).toEqual([]);
  await expect(everything()).rejects.toMatchObject({ code: 'wrong_state' });
});

test('a kit that a restored backup brings back is deleted again, and old entries of the journal go (R6)', async () => {
  const who = await instance.createCaller();
  const id = await makeKit(who);
  const { db, store } = deps();
  const tables = ['brand_kits', 'brand_assets', 'stored_objects'];
  const where = { workspaceId: who.workspaceId };
  const saved = new Map<string, string[]>();
  for (const table of tables) {
    const rows = await db.asSystem((tx) =>
      db.rows<{ row: string }>(tx, `SELECT row_to_json(t)::text AS row FROM ${table} t WHERE workspace_id = :workspaceId`, where),
    );
    saved.set(
      table,
      rows.map(({ row }) => row),
    );
  }
  await who.call('deleteBrandKit', { params: { id } });
  await finished(who);
  await db.asSystem(async (tx) => {
    await db.change(tx, 'DELETE FROM erasures WHERE workspace_id = :workspaceId', where);
    await db.change(tx, 'DELETE FROM erasure_items WHERE workspace_id = :workspaceId', where);
    for (const [table, lines] of saved) {
      for (const row of lines) {
        await db.change(tx, `INSERT INTO ${table} SELECT * FROM json_populate_record(NULL::${table}, CAST(:row AS json))`, { row });
      }
    }
  });
  expect((await who.call('listBrandKits')).items).toHaveLength(1);
  expect(await replayJournal(deps())).toBe(1);
  expect((await who.call('listBrandKits')).items).toEqual([]);
  expect((await finished(who)).some((each) => each.cause === 'backup_restored' && each.objectCount === 1)).toBe(true);

  const write = (day: string, erasureId: string) =>
    store.put(keys.journal(day, erasureId), Buffer.from('{}'), { contentType: 'application/json', maxBytes: 10 });
  const [old, open] = [newId(), newId()];
  await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO erasures (id, workspace_id, scope, cause, requested_at, deadline_at, item_count)
       VALUES (:open, :workspaceId, 'video', 'request', '2020-01-01', '2020-01-02', 1)`,
      { open, ...where },
    ),
  );
  await write('2020-01-01', old);
  await write('2020-01-01', open);
  const entries = async () => {
    const found: string[] = [];
    for await (const { key } of store.list(keys.journalPrefix())) {
      found.push(key);
    }
    return found.sort();
  };
  const before = await entries();
  expect(await pruneJournal(deps())).toBe(1);
  expect(await entries()).toEqual(before.filter((key) => !key.endsWith(old)));
  expect(await pruneJournal(deps())).toBe(0);
});
