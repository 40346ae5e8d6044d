/**
 * The states of a media task and the moves between them. Every move is one conditional update that names the state it expects (and,
 * for an agent's moves, the token of its lease): no row changed means that somebody else was there first.
 */
import type { StageName, TaskKind, TaskState } from '@carmic/contract';
import type { Transitions } from '../core/transitions.ts';

export const taskTransitions: Transitions<TaskState> = {
  queued: ['leased', 'failed', 'cancelled'],
  leased: ['queued', 'verifying', 'failed', 'cancelled'],
  verifying: ['queued', 'done', 'failed', 'cancelled'],
  done: [],
  failed: [],
  cancelled: [],
};

/** The stage a task of each kind works for. */
export const stageOfKind: Record<TaskKind, StageName> = { inspect: 'inspect', transcribe: 'transcript', render: 'render' };
