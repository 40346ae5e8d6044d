import { type Handlers, personOf } from '../../http/request.ts';
import { createKit, listKits, loadKit, presentKit } from './kits.ts';

/** Brand kits; what takes files out of them stands with the other deletions. */
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
} satisfies Partial<Handlers>;
