/** The states of a video and the moves between them. A move that is not here does not happen. */
import type { StageName, VideoState } from '@carmic/contract';
import type { Transitions } from '../core/transitions.ts';

export const videoTransitions: Transitions<VideoState> = {
  uploading: ['inspecting', 'failed', 'deleting'],
  inspecting: ['transcribing', 'failed', 'deleting'],
  transcribing: ['selecting', 'failed', 'deleting'],
  selecting: ['rendering', 'held', 'failed', 'deleting'],
  /** Waits for a person to look at what the safety policy found. */
  held: ['selecting', 'failed', 'deleting'],
  rendering: ['ready', 'failed', 'deleting'],
  ready: ['deleting'],
  failed: ['inspecting', 'transcribing', 'selecting', 'rendering', 'deleting'],
  deleting: [],
};

/** The stage that works while a video is in a state. */
export const stageOfState: Partial<Record<VideoState, StageName>> = {
  uploading: 'upload',
  inspecting: 'inspect',
  transcribing: 'transcript',
  selecting: 'highlights',
  held: 'highlights',
  rendering: 'render',
};

/** The state in which a stage is tried again. */
export const stateOfStage: Record<StageName, VideoState> = {
  upload: 'inspecting',
  inspect: 'inspecting',
  transcript: 'transcribing',
  highlights: 'selecting',
  render: 'rendering',
};
