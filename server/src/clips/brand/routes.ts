import { type Handlers, personOf } from '../../http/request.ts';
import { createKit, deleteKit, listKits, loadKit, presentKit, updateKit } from './kits.ts';
import { putAsset } from './putAsset.ts';

/** Brand kits. */
export const brandHandlers = {
  async listBrandKits(request) {
    const { deps } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => ({ items: await listKits(deps, tx) }));
  },
  async createBrandKit(request) {
    const { deps, body } = request;
    const person = personOf(request);
    return deps.db.inWorkspace(person.workspaceId, (tx) => createKit(deps, tx, person, body));
  },
  async getBrandKit(request) {
    const { deps, params } = request;
    const kit = await deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => presentKit(deps, tx, await loadKit(deps, tx, params.id)));
    request.setEtag(String(kit.version));
    return kit;
  },
  async updateBrandKit(request) {
    const { deps, params, body } = request;
    const person = personOf(request);
    const kit = await deps.db.inWorkspace(person.workspaceId, async (tx) => {
      const row = await loadKit(deps, tx, params.id);
      request.checkMatch(String(row.version));
      return updateKit(deps, tx, person, row, body);
    });
    request.setEtag(String(kit.version));
    return kit;
  },
  async deleteBrandKit(request) {
    const { deps, params } = request;
    const person = personOf(request);
    await deps.db.inWorkspace(person.workspaceId, async (tx) => deleteKit(deps, tx, person, await loadKit(deps, tx, params.id)));
    return undefined;
  },
  async putBrandAsset(request) {
    const { deps, params, body } = request;
    const kit = await putAsset(deps, personOf(request), params.id, body, request.checkMatch);
    request.setEtag(String(kit.version));
    return kit;
  },
} satisfies Partial<Handlers>;
