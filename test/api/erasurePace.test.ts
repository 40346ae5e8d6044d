/** How hard deletions work beside requests in the same process. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
});
afterAll(() => instance.stop());

test('before every batch it is asked who else is there, and it takes less at once while somebody is', async () => {
  const { deps } = instance.server;
  const who = await instance.createCaller();
  const ids = await deps.db.inWorkspace(who.workspaceId, async (tx) => {
    const rows = await deps.db.rows<{ id: string }>(
      tx,
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options, kept_from)
       SELECT gen_random_uuid(), :workspaceId, '', '', 1, 'ready', '{}', now() FROM generate_series(1, 145) RETURNING id`,
      { workspaceId: who.workspaceId },
    );
    return rows.map((row) => row.id);
  });
  const { id } = await who.call('createErasure', { body: { scope: 'selection', videoIds: ids } });
  const doneBefore: number[] = [];
  const countDone = async () => {
    const erasure = await who.call('getErasure', { params: { id } });
    return erasure.steps.find(({ name }) => name === 'probed')?.doneCount ?? 0;
  };
  const { claimed } = watchClaims(deps);
  await workErasures(deps, { pace: () => (doneBefore.push(claimed.length) > 1 ? 'yielding' : 'shared') });
  expect(claimed).toEqual([100, 20, 20, 5, 0]);
  expect(doneBefore).toEqual([0, 1, 2, 3, 4]);
  expect(await countDone()).toBe(145);
});

/** Records how many items each claim took. */
function watchClaims(deps: TestInstance['server']['deps']): { claimed: number[] } {
  const claimed: number[] = [];
  const { rows } = deps.db;
  deps.db.rows = async (tx, sql, values) => {
    const found = await rows.call(deps.db, tx, sql, values);
    if (sql.includes('UPDATE erasure_items i SET claim')) {
      claimed.push(found.length);
    }
    return found as never;
  };
  return { claimed };
}
