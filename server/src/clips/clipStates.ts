/** The states of a clip and the moves between them: a person may change their mind at any time. */
import type { ClipState } from '@carmic/contract';
import type { Transitions } from '../core/transitions.ts';

export const clipTransitions: Transitions<ClipState> = {
  suggested: ['kept', 'discarded'],
  kept: ['suggested', 'discarded'],
  discarded: ['suggested', 'kept'],
};
