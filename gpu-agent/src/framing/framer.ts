import type { RenderSpec } from '@carmic/contract';
import type { Logger } from 'pino';
import type { TaskContext } from '../media/task.ts';
import type { RenderInput } from '../render/renderArgs.ts';
import type { Timeline } from '../render/timeline.ts';
import { centreFraming } from './centreFraming.ts';
import type { Framing } from './framing.ts';

/** Chooses how a clip is framed. */
export interface Framer {
  frame(
    spec: RenderSpec,
    timeline: Timeline,
    input: RenderInput,
    context: TaskContext,
  ): Promise<Framing & { faceInsideShare: number | null }>;
  close(): Promise<void>;
}

export function createFramer(_log: Logger): Framer {
  return {
    frame: async (spec, timeline) => ({
      ...centreFraming(spec, timeline.segments.length, 'The middle of the picture is shown.'),
      faceInsideShare: null,
    }),
    close: async () => undefined,
  };
}
