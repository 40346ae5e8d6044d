import type { RenderSpec, TaskSpec } from '@carmic/contract';
import { inspect } from '../inspect/inspect.ts';
import type { TaskContext, TaskOutcome } from '../media/task.ts';
import type { PictureJudge } from '../pictures/pictureJudge.ts';
import { render, type RenderTools } from '../render/render.ts';
import type { LocalTranscriber } from '../transcribe/localTranscriber.ts';
import { transcribe } from './transcribe.ts';

export interface TaskTools {
  render: RenderTools;
  transcriber: LocalTranscriber;
  /** Null where pictures are not to be judged. */
  pictureJudge: PictureJudge | null;
}

/** Does a task of any kind. */
export function runTask(spec: TaskSpec, context: TaskContext, tools: TaskTools): Promise<TaskOutcome> {
  switch (spec.kind) {
    case 'inspect':
      return inspect(spec, context, tools.render.canToneMap, tools.pictureJudge);
    case 'transcribe':
      return transcribe(spec, context, tools.transcriber);
    case 'render':
      return render(spec satisfies RenderSpec, context, tools.render);
  }
}
