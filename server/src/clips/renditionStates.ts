/** The states of a rendition and the moves between them. It follows the newest media task that renders it. */
import type { RenditionState, TaskState } from '@carmic/contract';
import type { Transitions } from '../core/transitions.ts';

export const renditionTransitions: Transitions<RenditionState> = {
  queued: ['rendering', 'verifying', 'ready', 'failed', 'cancelled'],
  rendering: ['queued', 'verifying', 'ready', 'failed', 'cancelled'],
  verifying: ['queued', 'ready', 'failed', 'cancelled'],
  ready: [],
  failed: ['queued'],
  cancelled: ['queued'],
};

/** What a rendition is while its task is in a state. */
export const renditionStateOfTask: Record<TaskState, RenditionState> = {
  queued: 'queued',
  leased: 'rendering',
  verifying: 'verifying',
  done: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
};
