import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import type { Video } from './model.ts';

/** A worker that dies leaves its claim behind for this long, seconds. */
const claimSeconds = 120;

/**
 * Does the long work of a stage once at a time: several events wake a video at once, and what asks paid services must not run for each of
 * them. Whoever comes while another works on it returns at once, since that other finishes the stage or tries again. Answers whether the work ran.
 */
export async function claimStage(
  deps: Deps,
  video: Pick<Video, 'id' | 'workspaceId' | 'state'>,
  work: () => Promise<void>,
): Promise<boolean> {
  const { db, clock, log } = deps;
  const write = (until: Date | null, before: Date | null) =>
    db.inWorkspace(video.workspaceId, (tx) =>
      db.change(
        tx,
        `UPDATE videos SET worked_until = :until WHERE id = :id AND state = :state
         AND ${before === null ? '(worked_until IS NULL OR worked_until <= :now)' : 'worked_until = :before'}`,
        { id: video.id, state: video.state, until, before, now: clock.now() },
      ),
    );
  let held = addSeconds(clock.now(), claimSeconds);
  if ((await write(held, null)) === 0) {
    return false;
  }
  const renewal = setInterval(
    () => {
      const longer = addSeconds(clock.now(), claimSeconds);
      write(longer, held).then(
        (count) => {
          held = count === 1 ? longer : held;
        },
        (error: unknown) => log.warn({ err: error }, 'the claim of a stage could not be renewed'),
      );
    },
    (claimSeconds * 1000) / 4,
  );
  try {
    await work();
  } finally {
    clearInterval(renewal);
    // Whatever comes next is another stage, or another try of this one.
    await db.inWorkspace(video.workspaceId, (tx) =>
      db.change(tx, 'UPDATE videos SET worked_until = NULL WHERE id = :id AND worked_until = :held', { id: video.id, held }),
    );
  }
  return true;
}
