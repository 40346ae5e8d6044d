import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type Video, Videos } from '../library/model.ts';
import { chooseEngine } from './engine.ts';

/**
 * Lets the next engine of the order hear a video whose speech `failed` could not hear, with a notice that says so. Answers false when
 * there is none, or when somebody else moved the video meanwhile.
 */
export async function tryNextEngine(deps: Deps, tx: Tx, video: Video, failed: 'local' | 'deepgram', why: string): Promise<boolean> {
  const time = video.stageTimes.transcript ?? {};
  const tried = [...new Set([...(time.tried ?? []), failed])];
  const { engine } = await chooseEngine(deps, tx, video.workspaceId, tried);
  if (engine === 'none') {
    return false;
  }
  const { engine: _, ...rest } = time;
  const notice = `${failed === 'deepgram' ? 'Deepgram' : 'The speech model on an agent'} could not be used, so another engine heard the speech. ${why}`;
  const [count] = await deps.db.model(Videos).update(
    {
      stageTimes: { ...video.stageTimes, transcript: { ...rest, tried } },
      notices: [...new Set([...video.notices, notice])],
      nudges: 0,
      updatedAt: deps.clock.now(),
    },
    { where: { id: video.id, state: 'transcribing' }, transaction: tx },
  );
  if (count === 1) {
    tx.afterCommit(() => {
      deps.jobs
        .enqueue('videos.advance', { workspaceId: video.workspaceId, videoId: video.id })
        .catch((error: unknown) => deps.log.warn({ err: error }, 'the next engine was not asked; the watchdog will'));
    });
  }
  return count === 1;
}
