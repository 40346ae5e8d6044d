import { analysisSchema } from '@carmic/contract';
import { invalidInput, wrongState } from '../core/errors.ts';
import type { Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { readJsonObject } from '../library/readObject.ts';
import { findObject } from '../library/storedObjects.ts';
import { findTranscript, readTranscript } from '../understanding/transcripts.ts';
import { addEdit, checkSegments, chooseEdit, listEdits, type NewEdit, segmentsOf } from './clipEdits.ts';
import { loadClip } from './load.ts';
import { clipVersion, presentOneClip } from './present.ts';
import { tighten } from './tighten.ts';

/** The edit list of a clip. */
export const editHandlers = {
  async listClipEdits(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => ({
      items: await listEdits(deps, tx, (await loadClip(deps, tx, params.id)).clip),
    }));
  },
  async createClipEdit(request) {
    const { deps, params, body } = request;
    const { workspaceId, userId } = personOf(request);
    return deps.db.inWorkspace(workspaceId, async (tx) => {
      const { clip, video } = await loadClip(deps, tx, params.id);
      if (video.probe === null) {
        throw wrongState('This video has not been inspected yet.');
      }
      let edit: NewEdit;
      if (body.kind === 'segments') {
        checkSegments(body.segments, video.probe.durationSeconds);
        edit = { kind: 'segments', segments: body.segments, removed: null };
      } else {
        const row = await findTranscript(deps, tx, video.id);
        if (row === null) {
          throw wrongState('This video has no transcript, and pauses and filler words are found by its words.');
        }
        const { words, language } = await readTranscript(deps, tx, row);
        const object = await findObject(deps, tx, video.id, 'analysis');
        const analysis = object === null ? null : await readJsonObject(deps, object, analysisSchema);
        const result = tighten(await segmentsOf(deps, tx, clip), words, analysis, { ...body, language });
        if (result.removed.seconds === 0) {
          throw invalidInput('There is nothing to take out of this clip: no such pause, no filler word.');
        }
        edit = { kind: 'tightened', ...result };
      }
      await addEdit(deps, tx, clip, body.baseVersion, edit, userId);
      await deps.appendEvent(tx, { workspaceId, type: 'clip.updated', videoId: clip.videoId, subjectId: clip.id, actorId: userId, data: { fields: ['edit'], editVersion: clip.editVersion } });
      return presentOneClip(deps, tx, clip);
    });
  },
  async chooseClipEdit(request) {
    const { deps, params, body } = request;
    const { workspaceId, userId } = personOf(request);
    const changed = await deps.db.inWorkspace(workspaceId, async (tx) => {
      const { clip } = await loadClip(deps, tx, params.id, true);
      request.checkMatch(clipVersion(clip));
      await chooseEdit(deps, tx, clip, body.version);
      await deps.appendEvent(tx, { workspaceId, type: 'clip.updated', videoId: clip.videoId, subjectId: clip.id, actorId: userId, data: { fields: ['edit'], editVersion: clip.editVersion } });
      return presentOneClip(deps, tx, clip);
    });
    request.setEtag(changed.version);
    return changed;
  },
} satisfies Partial<Handlers>;
