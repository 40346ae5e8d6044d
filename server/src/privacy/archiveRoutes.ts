import { requireFresh } from '../accounts/reauthenticate.ts';
import { type Handlers, personOf } from '../http/request.ts';
import { createArchiveLink, listArchives, openArchive, orderArchive } from './archive/archives.ts';

/** Archives of a person's data. */
export const archiveHandlers = {
  createArchive(request) {
    const { deps } = request;
    const person = personOf(request);
    requireFresh(deps, person);
    return orderArchive(deps, person.userId, person.userId);
  },
  listArchives: async (request) => ({ items: await listArchives(request.deps, personOf(request).userId) }),
  createArchiveLink: (request) => createArchiveLink(request.deps, personOf(request), request.params.id),
  async getArchiveFile({ deps, params, sendFile }) {
    sendFile(await openArchive(deps, params.token));
    return undefined;
  },
} satisfies Partial<Handlers>;
