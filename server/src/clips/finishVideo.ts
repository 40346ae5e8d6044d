/** The render stage: a video is ready once every rendering has ended and at least one has a result; with none it has failed, and says why. */
import { buildFailure } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Video } from '../library/model.ts';
import { moveVideo } from '../library/moveVideo.ts';
import { type RenditionRow, Renditions } from './model.ts';
import { requeueRendition } from './queueRendition.ts';

const endedStates = ['ready', 'failed', 'cancelled'];

/** Does the next step of the render stage. Runs again safely. */
export function finishVideo(deps: Deps, video: Video): Promise<void> {
  return deps.db.inWorkspace(video.workspaceId, async (tx) => {
    const renditions = await deps.db.model(Renditions).findAll({ where: { videoId: video.id }, order: ['createdAt'], transaction: tx });
    if (await restartFailed(deps, tx, video, renditions)) {
      return;
    }
    if (renditions.some((rendition) => !endedStates.includes(rendition.state))) {
      return;
    }
    const readyCount = renditions.filter((rendition) => rendition.state === 'ready').length;
    const failed = renditions.filter((rendition) => rendition.state === 'failed');
    if (readyCount > 0) {
      const notices = failed.length === 0 ? [] : [`${failed.length} of ${renditions.length} clips could not be rendered; open them to see why and try again.`];
      await moveVideo(deps, tx, video, ['rendering'], 'ready', { notices, deliveredShare: readyCount / renditions.length });
      return;
    }
    const failure = failed[0]?.failure ?? buildFailure('render', 'cancelled', 'Every rendering was cancelled.');
    await moveVideo(deps, tx, video, ['rendering'], 'failed', { failure });
  });
}

/** After a retry of the stage, starts those again that had failed before it. */
async function restartFailed(deps: Deps, tx: Tx, video: Video, renditions: readonly RenditionRow[]): Promise<boolean> {
  const startedAt = Date.parse(video.stageTimes.render?.startedAt ?? '') || 0;
  const old = renditions.filter((rendition) => (rendition.state === 'failed' || rendition.state === 'cancelled') && rendition.updatedAt.getTime() < startedAt);
  for (const rendition of old) {
    await requeueRendition(deps, tx, rendition);
  }
  return old.length > 0;
}
