import { deleteKit, type DroppedFiles, loadKit, updateKit } from '../clips/brand/kits.ts';
import { putAsset } from '../clips/brand/putAsset.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type Handlers, type Person, personOf } from '../http/request.ts';
import type { StartedErasure } from './erasure/bury.ts';
import { buryBrandFiles } from './erasure/buryBrandFiles.ts';
import { journalNow } from './erasure/journal.ts';

/** How a file that leaves a kit is deleted, and what was started by it: it is journaled when the transaction has ended. */
function createDropping(deps: Deps, person: Person, scope: 'brand_kit' | 'brand_file') {
  const started: StartedErasure[] = [];
  return {
    drop: async (tx: Tx, files: DroppedFiles) => {
      const wish = { scope, cause: 'request', actorId: person.userId } as const;
      started.push(...(await buryBrandFiles(deps, tx, wish, files)));
    },
    finish: () => journalNow(deps, started),
  };
}

/** What takes files out of brand kits: each is a deletion with a receipt. */
export const brandErasureHandlers = {
  async updateBrandKit(request) {
    const { deps, params, body } = request;
    const person = personOf(request);
    const { drop, finish } = createDropping(deps, person, 'brand_file');
    const kit = await deps.db.inWorkspace(person.workspaceId, async (tx) => {
      const row = await loadKit(deps, tx, params.id);
      request.checkMatch(String(row.version));
      return updateKit(deps, tx, person, row, body, drop);
    });
    await finish();
    request.setEtag(String(kit.version));
    return kit;
  },
  async deleteBrandKit(request) {
    const { deps, params } = request;
    const person = personOf(request);
    const { drop, finish } = createDropping(deps, person, 'brand_kit');
    await deps.db.inWorkspace(person.workspaceId, async (tx) => deleteKit(deps, tx, await loadKit(deps, tx, params.id), drop));
    await finish();
    return undefined;
  },
  async putBrandAsset(request) {
    const { deps, params, body } = request;
    const person = personOf(request);
    const { drop, finish } = createDropping(deps, person, 'brand_file');
    const kit = await putAsset(deps, person, params.id, body, { checkMatch: request.checkMatch, drop });
    await finish();
    request.setEtag(String(kit.version));
    return kit;
  },
} satisfies Partial<Handlers>;
