import { directoryOf, type Handlers } from '../../http/request.ts';
import { createGroup, deleteGroup, getGroup, listGroups, patchGroup, putGroup } from './groups.ts';
import { createPerson, deletePerson, getPerson, listPeople, patchPerson, putPerson } from './people.ts';
import { describeFeatures, describeSchemas, describeTypes } from './describe.ts';

/** SCIM 2.0. */
export const directoryHandlers = {
  getDirectoryFeatures: ({ deps }) => Promise.resolve(describeFeatures(deps)),
  listDirectoryTypes: ({ deps }) => Promise.resolve(describeTypes(deps)),
  listDirectorySchemas: () => Promise.resolve(describeSchemas()),
  listDirectoryPeople: (request) => listPeople(request.deps, directoryOf(request).providerId, request.query),
  createDirectoryPerson: (request) => createPerson(request.deps, directoryOf(request).providerId, request.body),
  getDirectoryPerson: (request) => getPerson(request.deps, directoryOf(request).providerId, request.params.id),
  putDirectoryPerson: (request) => putPerson(request.deps, directoryOf(request).providerId, request.params.id, request.body),
  patchDirectoryPerson: (request) => patchPerson(request.deps, directoryOf(request).providerId, request.params.id, request.body),
  async deleteDirectoryPerson(request) {
    await deletePerson(request.deps, directoryOf(request).providerId, request.params.id);
    return undefined;
  },
  listDirectoryGroups: (request) => listGroups(request.deps, directoryOf(request).providerId, request.query),
  createDirectoryGroup: (request) => createGroup(request.deps, directoryOf(request).providerId, request.body),
  getDirectoryGroup: (request) => getGroup(request.deps, directoryOf(request).providerId, request.params.id),
  putDirectoryGroup: (request) => putGroup(request.deps, directoryOf(request).providerId, request.params.id, request.body),
  patchDirectoryGroup: (request) => patchGroup(request.deps, directoryOf(request).providerId, request.params.id, request.body),
  async deleteDirectoryGroup(request) {
    await deleteGroup(request.deps, directoryOf(request).providerId, request.params.id);
    return undefined;
  },
} satisfies Partial<Handlers>;
