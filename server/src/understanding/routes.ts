import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { loadVideo } from '../library/load.ts';
import { presentTranscript, updateTranscript } from './edits/updateTranscript.ts';
import { addTerm, changeTerm, findTerm, listTerms, removeTerm } from './glossary/glossary.ts';
import { putCaptions } from './putCaptions.ts';
import { readInsight } from './readInsight.ts';
import { safetyHandlers } from './safety/routes.ts';
import { searchWorkspace } from './search/searchWorkspace.ts';
import { switchboardHandlers } from './switchboard/routes.ts';
import { translationHandlers } from './translation/routes.ts';

/** Says that the glossary is another one; what it says stays in its rows. */
const sayGlossaryChanged = (deps: Deps, tx: Tx, person: { workspaceId: string; userId: string }) =>
  deps.appendEvent(tx, { workspaceId: person.workspaceId, type: 'glossary.changed', actorId: person.userId });

/** Transcripts and their edits, supplied captions, glossary, search, translations, engines. */
export const understandingHandlers = {
  async putCaptions(request) {
    return putCaptions(request.deps, personOf(request), request.params.id, request.body);
  },
  async getTranscript(request) {
    const { deps, params } = request;
    const transcript = await deps.db.inWorkspace(personOf(request).workspaceId, async (tx) =>
      presentTranscript(deps, tx, (await loadVideo(deps, tx, params.id)).id),
    );
    request.setEtag(String(transcript.version));
    return transcript;
  },
  async getInsight(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => readInsight(deps, tx, await loadVideo(deps, tx, params.id)));
  },
  async updateTranscript(request) {
    const change = await updateTranscript(request.deps, personOf(request), request.params.id, request.body, request.checkMatch);
    request.setEtag(String(change.version));
    return change;
  },
  async listTerms(request) {
    const { deps } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => ({ items: await listTerms(deps, tx) }));
  },
  async createTerm(request) {
    const { deps, body } = request;
    const person = personOf(request);
    return deps.db.inWorkspace(person.workspaceId, async (tx) => {
      const term = await addTerm(deps, tx, person.workspaceId, body, 'person');
      await sayGlossaryChanged(deps, tx, person);
      return term;
    });
  },
  async getTerm(request) {
    const { deps, params } = request;
    const term = await deps.db.inWorkspace(personOf(request).workspaceId, (tx) => findTerm(deps, tx, params.id));
    request.setEtag(term.version);
    return term;
  },
  async updateTerm(request) {
    const { deps, params, body } = request;
    const person = personOf(request);
    const changed = await deps.db.inWorkspace(person.workspaceId, async (tx) => {
      const term = await changeTerm(deps, tx, person.workspaceId, params.id, body, request.checkMatch);
      await sayGlossaryChanged(deps, tx, person);
      return term;
    });
    request.setEtag(changed.version);
    return changed;
  },
  async deleteTerm(request) {
    const { deps, params } = request;
    const person = personOf(request);
    await deps.db.inWorkspace(person.workspaceId, async (tx) => {
      await removeTerm(deps, tx, params.id);
      await sayGlossaryChanged(deps, tx, person);
    });
    return undefined;
  },
  async search(request) {
    const { deps, query } = request;
    const { workspaceId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, (tx) => searchWorkspace(deps, tx, workspaceId, query));
  },
  ...translationHandlers,
  ...switchboardHandlers,
  ...safetyHandlers,
} satisfies Partial<Handlers>;
