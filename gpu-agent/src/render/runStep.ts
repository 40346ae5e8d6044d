import type { RunRequest, RunResult } from '../ffmpeg/run.ts';
import { describeRunError } from '../media/describeRunError.ts';
import type { TaskContext } from '../media/task.ts';

/** Runs ffmpeg for one step of a render; `doing` names it in a failure. */
export async function runStep(
  context: TaskContext,
  args: string[],
  doing: string,
  durationSeconds: number,
  options: Pick<RunRequest, 'onProgress' | 'usesGpu'> = {},
): Promise<RunResult> {
  try {
    return await context.run({
      program: 'ffmpeg',
      args,
      directory: context.directory,
      limits: { wallSeconds: 300 + durationSeconds * 30, fileBytes: 8e9 },
      signal: context.signal,
      readsSource: true,
      ...options,
    });
  } catch (error) {
    throw describeRunError(error, 'render_failed', doing);
  }
}
