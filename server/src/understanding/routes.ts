import { wrongState } from '../core/errors.ts';
import type { Handlers } from '../http/request.ts';
import { personOf } from '../http/request.ts';
import { loadVideo } from '../library/load.ts';
import { putCaptions } from './putCaptions.ts';
import { findTranscript, readTranscript } from './transcripts.ts';

/** Transcripts and supplied captions. */
export const understandingHandlers = {
  async putCaptions(request) {
    return putCaptions(request.deps, personOf(request), request.params.id, request.body);
  },
  async getTranscript(request) {
    const { deps, params } = request;
    return deps.db.inWorkspace(personOf(request).workspaceId, async (tx) => {
      const video = await loadVideo(deps, tx, params.id);
      const row = await findTranscript(deps, tx, video.id);
      if (row === null) {
        throw wrongState('This video has no transcript.');
      }
      const { words } = await readTranscript(deps, tx, row);
      return { videoId: video.id, language: row.language, engine: row.engine, words };
    });
  },
} satisfies Partial<Handlers>;
