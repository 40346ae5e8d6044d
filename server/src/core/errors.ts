import { type ErrorCode, errorStatus, type Failure, type FailureCode, type StageName } from '@carmic/contract';

/** An error that is meant for the caller: a code of the closed list and a sentence to act on. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, extra: { details?: unknown; retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.details = extra.details;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }

  get status(): number {
    return errorStatus[this.code];
  }
}

export const notFound = (what: string) => new AppError('not_found', `There is no such ${what}.`);
export const invalidInput = (message: string, details?: unknown) => new AppError('invalid_input', message, { details });
export const conflict = (message: string) => new AppError('conflict', message);
export const wrongState = (message: string) => new AppError('wrong_state', message);
export const leaseLost = () => new AppError('lease_lost', 'This lease is no longer yours: stop the work and remove its files.');
export const unauthenticated = (message = 'Sign in first.') => new AppError('unauthenticated', message);
export const reauthenticationNeeded = () =>
  new AppError('reauthentication_needed', 'Prove again that it is you: this change needs a fresh sign-in.');
export const forbidden = (message = 'Your role does not allow this.') => new AppError('forbidden', message);
export const unavailable = (message: string, retryAfterSeconds = 5, cause?: unknown) =>
  new AppError('unavailable', message, { retryAfterSeconds, cause });

/** A refusal to start: printed as one sentence without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const advice: Record<FailureCode, { nextAction: string; canRetry: boolean }> = {
  upload_incomplete: { nextAction: 'Upload the file again; parts already stored are not sent twice.', canRetry: false },
  import_failed: {
    nextAction: 'Open the address in a browser: it must lead to the video file itself. Then import it again.',
    canRetry: false,
  },
  empty_file: { nextAction: 'Choose a file that is not empty.', canRetry: false },
  not_a_video: { nextAction: 'Upload a video file, for example MP4, MOV, MKV or WebM.', canRetry: false },
  playlist_refused: { nextAction: 'Upload the video itself instead of a playlist that points to it.', canRetry: false },
  truncated: { nextAction: 'Export or copy the file again from its source, then upload the whole file.', canRetry: false },
  no_video_stream: { nextAction: 'Upload a file that has a picture; sound alone cannot be made into clips.', canRetry: false },
  unsupported_codec: { nextAction: 'Convert the video to H.264 or H.265 in MP4 and upload it again.', canRetry: false },
  too_long: { nextAction: 'Upload a shorter part, or ask the administrator to raise the limit.', canRetry: false },
  too_large: { nextAction: 'Upload a smaller file, or ask the administrator to raise the limit.', canRetry: false },
  too_many_pixels: { nextAction: 'Export the video at 8K or less and upload it again.', canRetry: false },
  decode_failed: { nextAction: 'Export the video again as H.264 in MP4; this file is damaged.', canRetry: true },
  encoder_missing: { nextAction: 'Install an ffmpeg with libx264 and libass on the agent, then try again.', canRetry: true },
  time_limit: { nextAction: 'Try again; if it happens again, use a faster agent or a smaller video.', canRetry: true },
  memory_limit: { nextAction: 'Export the video at a lower resolution and upload it again.', canRetry: true },
  agent_disk_full: { nextAction: 'Free disk space on the agent, then try again.', canRetry: true },
  agent_lost: { nextAction: 'Check that an agent is running and stays connected, then try again.', canRetry: true },
  no_agent: { nextAction: 'Start an agent (Agents page shows how), then try again.', canRetry: true },
  captions_invalid: { nextAction: 'Correct the caption file, or try again without it.', canRetry: true },
  transcription_failed: { nextAction: 'Try again, or supply the words as an SRT or VTT file.', canRetry: true },
  transcription_refused: { nextAction: 'Check the transcription key and account in the settings, then try again.', canRetry: true },
  no_clips_found: { nextAction: 'Use a longer video or a smaller minimum clip length.', canRetry: true },
  policy_refused: { nextAction: 'Read why on this page; if it is wrong, appeal and a person looks at it.', canRetry: false },
  minutes_exhausted: { nextAction: 'Wait for the next month or ask for a larger plan, then try again.', canRetry: true },
  render_failed: { nextAction: 'Try again; if it happens again, render another aspect and tell the administrator.', canRetry: true },
  output_invalid: { nextAction: 'Try again; if it happens again, check the agent’s disk and network.', canRetry: true },
  storage_failed: { nextAction: 'Check that the storage is reachable and has room, then try again.', canRetry: true },
  stalled: { nextAction: 'Try again; if it happens again, look at the server’s log.', canRetry: true },
  cancelled: { nextAction: 'Start it again if it is still wanted.', canRetry: true },
  internal: { nextAction: 'Try again; if it happens again, look at the server’s log.', canRetry: true },
};

/** Builds the typed failure of a stage, with the next action that fits its code. */
export function buildFailure(stage: StageName, code: FailureCode, message: string): Failure {
  return { stage, code, message, ...advice[code] };
}
