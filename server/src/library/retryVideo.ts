import { AppError, wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { reserveMinutes } from '../plans/usage.ts';
import type { Video } from './model.ts';
import { moveVideo } from './moveVideo.ts';
import { stateOfStage } from './videoStates.ts';

/** Starts the failed stage again. Throws wrong_state when nothing failed or trying again cannot help. */
export async function retryVideo(deps: Deps, tx: Tx, video: Video): Promise<void> {
  if (video.state !== 'failed' || video.failure === null) {
    throw wrongState('Nothing failed here that could be tried again.');
  }
  if (!video.failure.canRetry) {
    throw wrongState(`Trying again cannot help. ${video.failure.nextAction}`);
  }
  // What comes before the inspection's end has no length yet, and reserves by itself.
  if (video.probe !== null) {
    const refusal = await reserveMinutes(deps, tx, video, video.probe.durationSeconds);
    if (refusal !== null) {
      throw new AppError('quota_exceeded', `${refusal} Wait for the next month, or ask for a larger plan.`);
    }
  }
  await moveVideo(deps, tx, video, ['failed'], stateOfStage[video.failure.stage]);
}
