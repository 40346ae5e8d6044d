import { z } from 'zod';

/** Every error code the API can answer, with the HTTP status it travels under. */
export const errorStatus = {
  invalid_input: 400,
  checksum_mismatch: 400,
  unauthenticated: 401,
  quota_exceeded: 402,
  forbidden: 403,
  reauthentication_needed: 403,
  second_factor_needed: 403,
  processing_restricted: 403,
  sign_on_needed: 403,
  sign_on_failed: 403,
  workspace_suspended: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  confirmation_needed: 409,
  conflict: 409,
  idempotency_mismatch: 409,
  lease_lost: 409,
  wrong_state: 409,
  gone: 410,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  captions_invalid: 422,
  precondition_required: 428,
  rate_limited: 429,
  internal: 500,
  storage_full: 507,
  unavailable: 503,
} as const;

export type ErrorCode = keyof typeof errorStatus;

export const errorCodes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]];

/** The body of every answer outside 2xx. */
export const errorReplySchema = z.object({
  error: z.object({
    code: z.enum(errorCodes),
    message: z.string().describe('One sentence a person can act on'),
    details: z.unknown().optional().describe('For invalid_input: the list of issues'),
    requestId: z.string(),
  }),
});

export type ErrorReply = z.infer<typeof errorReplySchema>;

/** The stages a video passes, in order. */
export const stageNames = ['upload', 'inspect', 'transcript', 'highlights', 'render'] as const;
export const stageNameSchema = z.enum(stageNames);
export type StageName = z.infer<typeof stageNameSchema>;

/** Why a stage ended without its result. */
export const failureCodes = [
  'upload_incomplete',
  'import_failed',
  'empty_file',
  'not_a_video',
  'playlist_refused',
  'truncated',
  'no_video_stream',
  'unsupported_codec',
  'too_long',
  'too_large',
  'too_many_pixels',
  'decode_failed',
  'encoder_missing',
  'time_limit',
  'memory_limit',
  'agent_disk_full',
  'agent_lost',
  'no_agent',
  'captions_invalid',
  'transcription_failed',
  'transcription_refused',
  'no_clips_found',
  'policy_refused',
  'minutes_exhausted',
  'render_failed',
  'output_invalid',
  'storage_failed',
  'stalled',
  'cancelled',
  'internal',
] as const;
export const failureCodeSchema = z.enum(failureCodes);
export type FailureCode = z.infer<typeof failureCodeSchema>;

/** A typed failure: where it happened, what went wrong, and what to do next. */
export const failureSchema = z.object({
  stage: stageNameSchema,
  code: failureCodeSchema,
  message: z.string().describe('What went wrong, in one sentence'),
  nextAction: z.string().describe('What the reader can do about it, in one sentence'),
  canRetry: z.boolean().describe('Whether the same input may succeed when tried again'),
});
export type Failure = z.infer<typeof failureSchema>;
