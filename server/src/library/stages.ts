import { type Stage, stageNames, type VideoState } from '@carmic/contract';
import type { Video } from './model.ts';
import { stageOfState } from './videoStates.ts';

/** How far the work of the running stage is, from live tasks. */
export interface LiveProgress {
  progress: number;
  note: string | null;
}

/**
 * A video's stages for progress bars, from its state and stage times. `live` is the progress of the running stage; `now` is used for
 * the time left, which is the elapsed time scaled by the share that is missing.
 */
export function buildStages(video: Pick<Video, 'state' | 'stageTimes' | 'failure'>, live: LiveProgress | null, now: Date): Stage[] {
  const current = stageOfState[video.state] ?? null;
  const currentIndex = current === null ? -1 : stageNames.indexOf(current);
  const failedIndex = video.state === 'failed' && video.failure ? stageNames.indexOf(video.failure.stage) : -1;

  return stageNames.map((name, index): Stage => {
    const times = video.stageTimes[name] ?? {};
    const base = {
      name,
      note: times.note ?? null,
      startedAt: times.startedAt ?? null,
      finishedAt: times.finishedAt ?? null,
      secondsLeft: null,
    };
    if (index === failedIndex) {
      return { ...base, state: 'failed', progress: 0 };
    }
    if (index === currentIndex && video.state === 'held') {
      return { ...base, state: 'waiting', progress: 0, note: 'Held for a review by a person', finishedAt: null };
    }
    if (index === currentIndex) {
      const progress = live?.progress ?? 0;
      return {
        ...base,
        state: 'running',
        progress,
        note: live?.note ?? base.note,
        finishedAt: null,
        secondsLeft: timeLeft(base.startedAt, progress, now),
      };
    }
    if (isPast(video.state, index, currentIndex, failedIndex)) {
      return { ...base, state: times.isSkipped === true ? 'skipped' : 'done', progress: 1 };
    }
    return { ...base, state: 'waiting', progress: 0, startedAt: null, finishedAt: null };
  });
}

function isPast(state: VideoState, index: number, currentIndex: number, failedIndex: number): boolean {
  if (state === 'ready' || state === 'deleting') {
    return true;
  }
  return index < (failedIndex >= 0 ? failedIndex : currentIndex);
}

function timeLeft(startedAt: string | null, progress: number, now: Date): number | null {
  if (startedAt === null || progress < 0.03) {
    return null;
  }
  const elapsedSeconds = Math.max(0, (now.getTime() - Date.parse(startedAt)) / 1000);
  return Math.round((elapsedSeconds / progress) * (1 - progress));
}
