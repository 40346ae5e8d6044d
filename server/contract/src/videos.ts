import { z } from 'zod';
import { idSchema, secondsSchema, sha256Schema, shareSchema, timeSchema } from './common.ts';
import { boundaryCheckSchema, clipSafetySchema } from './insight.ts';
import { videoCodecSchema } from './encoders.ts';
import { clipTagsSchema } from './labels.ts';
import { failureSchema, stageNameSchema } from './errors.ts';
import { captionOptionsSchema, captionStyleSchema } from './captions.ts';
import { framingWishSchema } from './framingWish.ts';
import { analysisSchema, aspectSchema, probeSchema, shotLayoutSchema, spanSchema } from './media.ts';

export const videoStateSchema = z.enum([
  'uploading',
  'inspecting',
  'transcribing',
  'selecting',
  'held',
  'rendering',
  'ready',
  'failed',
  'deleting',
]);
export type VideoState = z.infer<typeof videoStateSchema>;

/** What the uploader wants made of a video. */
export const videoOptionsSchema = z.object({
  clipCount: z.number().int().min(1).max(50).default(5).describe('Clips to suggest and render at most'),
  aspects: z.array(aspectSchema).min(1).max(4).default(['9:16']),
  captionStyle: captionStyleSchema.default('karaoke'),
  minClipSeconds: z.number().min(5).max(180).default(15),
  maxClipSeconds: z.number().min(8).max(180).default(60),
  language: z.string().max(35).nullable().default(null).describe('Spoken language as BCP 47 tag; null detects it'),
  brandKitId: idSchema
    .nullish()
    .describe('Brand kit of its clips; null: none; left out: the default one of the workspace at the time of rendering'),
});
export type VideoOptions = z.infer<typeof videoOptionsSchema>;

/** One stage of a video's way, for a progress bar. */
export const stageSchema = z.object({
  name: stageNameSchema,
  state: z.enum(['waiting', 'running', 'done', 'skipped', 'failed']),
  progress: shareSchema,
  note: z.string().nullable().describe('What is being done, or why it was skipped'),
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  secondsLeft: z.number().nonnegative().nullable().describe('Estimate from the rate so far; null while unknown'),
});
export type Stage = z.infer<typeof stageSchema>;

export const videoSchema = z.object({
  id: idSchema,
  title: z.string(),
  fileName: z.string(),
  sizeBytes: z.number().int(),
  state: videoStateSchema,
  stages: z.array(stageSchema),
  failure: failureSchema.nullable(),
  notices: z.array(z.string()).describe('What the reader should know, for example why there are no captions'),
  probe: probeSchema.nullable(),
  options: videoOptionsSchema,
  clipCount: z.number().int(),
  uploadId: idSchema.nullable().describe('While uploading'),
  duplicateOf: idSchema.nullable().describe('An older video of this workspace with the same bytes; null when there is none'),
  keptFrom: timeSchema.nullable().describe('When the upload completed and the retention began'),
  expiresAt: timeSchema.nullable().describe('When its content ends; null when nothing ends it'),
  keeping: z
    .object({
      by: z
        .enum(['plan', 'workspace', 'grace'])
        .describe(
          "The plan's rule; a rule of the workspace's own; or the grace after a stricter rule, which lets it end later than the rule would",
        ),
      planName: z.string(),
    })
    .nullable()
    .describe('What says when it ends, or that nothing does; null until its upload is complete'),
  legalHold: z
    .object({ endsAt: timeSchema.nullable().describe('Null: until an administrator lifts it') })
    .nullable()
    .describe('While set nobody can delete it, and its files outlast its end; the reason is for administrators only'),
  folder: z.string().nullable(),
  tags: z.array(z.string()),
  createdAt: timeSchema,
  media: z.object({
    proxyUrl: z.string().nullable(),
    thumbnailUrl: z.string().nullable(),
  }),
  isSensitive: z.boolean().describe('Its picture is shown blurred: it is held or refused, or the check of pictures found something'),
});
export type Video = z.infer<typeof videoSchema>;

export const createVideoBodySchema = z.object({
  fileName: z.string().min(1).max(255).describe('Shown literally; never used as a path'),
  title: z.string().trim().min(1).max(200).optional().describe('The file name without its ending by default'),
  sizeBytes: z.number().int().nonnegative(),
  options: videoOptionsSchema.partial().optional(),
  departmentId: idSchema.nullish().describe('To whom it is charged; null: to nobody; left out: to the default department of the workspace'),
});

/** An upload in equal parts (the last may be shorter), each PUT to its own short-lived URL. */
export const uploadSchema = z.object({
  id: idSchema,
  videoId: idSchema,
  state: z.enum(['open', 'completed', 'aborted']),
  sizeBytes: z.number().int(),
  partSizeBytes: z.number().int().positive(),
  partCount: z.number().int().positive(),
  storedParts: z
    .array(z.object({ partNumber: z.number().int().positive(), sha256: sha256Schema }))
    .describe('Parts that need not be sent again'),
  expiresAt: timeSchema,
});
export type Upload = z.infer<typeof uploadSchema>;

export const createVideoReplySchema = z.object({ video: videoSchema, upload: uploadSchema });

export const partUrlsBodySchema = z.object({
  parts: z
    .array(
      z.object({ partNumber: z.number().int().min(1).max(10_000), sha256: sha256Schema.describe('Of this part; another body is refused') }),
    )
    .min(1)
    .max(100),
});
export const partUrlsReplySchema = z.object({
  parts: z.array(
    z.object({
      partNumber: z.number().int(),
      url: z.string().describe('Absolute, or relative to this server'),
      headers: z.record(z.string(), z.string()).describe('Headers to send with the PUT'),
    }),
  ),
});

export const completeUploadBodySchema = z.object({
  parts: z
    .array(z.object({ partNumber: z.number().int().min(1), sha256: sha256Schema }))
    .min(1)
    .max(10_000),
});

export const putCaptionsBodySchema = z.object({
  fileName: z.string().min(1).max(255),
  contentBase64: z
    .base64()
    .max(14_000_000)
    .describe('An SRT, VTT, TTML or ASS file, or the JSON of whisper or Deepgram; any common encoding'),
  language: z.string().max(35).optional(),
});
export const captionsReplySchema = z.object({
  wordCount: z.number().int(),
  warnings: z.array(z.string()).describe('What was repaired, with line numbers'),
});

export const waveformSchema = analysisSchema.pick({ hopSeconds: true, peaks: true, cutsSeconds: true });

export const clipStateSchema = z.enum(['suggested', 'kept', 'discarded']);
export type ClipState = z.infer<typeof clipStateSchema>;

/** One named part of a clip's score. */
export const scorePartSchema = z.object({
  name: z.string().describe('snake_case name of the feature'),
  label: z.string(),
  points: z.number().describe('Points this part adds to the score of 0 to 100; may be negative'),
  reason: z.string().describe('Why, in one sentence'),
});
export type ScorePart = z.infer<typeof scorePartSchema>;

export const renditionStateSchema = z.enum(['queued', 'rendering', 'verifying', 'ready', 'failed', 'cancelled']);
export type RenditionState = z.infer<typeof renditionStateSchema>;

export const renditionSchema = z.object({
  id: idSchema,
  clipId: idSchema,
  videoId: idSchema,
  state: renditionStateSchema,
  progress: shareSchema,
  aspect: aspectSchema,
  captionStyle: captionStyleSchema,
  captionOptions: captionOptionsSchema.describe('What was chosen beside the template'),
  captionLanguage: z.string().nullable().describe('Null: as spoken'),
  brandKitId: idSchema.nullable().describe('The brand kit it was made with'),
  width: z.number().int(),
  height: z.number().int(),
  sizeBytes: z.number().int().nullable(),
  durationSeconds: secondsSchema.nullable(),
  failure: failureSchema.nullable(),
  editVersion: z.number().int(),
  layout: z.string().nullable(),
  layoutReason: z.string().nullable(),
  codec: videoCodecSchema.describe('As asked for; `encoder` tells what it became'),
  encoder: z.string().nullable().describe('What encoded the picture'),
  encoderReason: z.string().nullable().describe('Why this encoder, in one sentence'),
  framing: framingWishSchema.nullable().describe('As a person wanted it; null where that was chosen by looking'),
  shots: z.array(shotLayoutSchema).describe('The layout of each shot and its reason, in times of the clip; empty until it is ready'),
  certificate: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      value: z.number(),
      unit: z.string(),
      bound: z.string().nullable(),
      passed: z.boolean(),
    }),
  ),
  createdAt: timeSchema,
  isWithheld: z.boolean().describe('Its files are not given out: what it holds waits for a person, or was refused'),
  media: z.object({
    videoUrl: z.string().nullable(),
    downloadUrl: z.string().nullable(),
    coverUrl: z.string().nullable().describe('The one that was chosen for the clip, or the best'),
    srtUrl: z.string().nullable(),
    vttUrl: z.string().nullable(),
    assUrl: z.string().nullable(),
    wordsUrl: z.string().nullable().describe('The words on the clip’s time line, as JSON'),
    coverDownloadUrl: z.string().nullable().describe('The same picture, as a file with a name'),
    coverUrls: z.array(z.string()).describe('The best frames, best first'),
  }),
});
export type Rendition = z.infer<typeof renditionSchema>;

/** Which of a clip's frames stands for it. */
export const coverChoiceSchema = z
  .union([z.literal(1), z.literal(2), z.literal(3)])
  .describe('Which of `coverUrls` stands for the clip, counted from 1');
export type CoverChoice = z.infer<typeof coverChoiceSchema>;

export const postPlatforms = ['youtube', 'tiktok', 'instagram', 'linkedin', 'x'] as const;
/** What to write beside a clip on one platform, in the language of the video. */
export const platformPostSchema = z.object({
  platform: z.enum(postPlatforms),
  title: z.string(),
  description: z.string().describe('Sentences of the clip'),
  hashtags: z.array(z.string()),
  text: z.string().describe('All of it, within the platform’s limit, to be pasted'),
});
export type PlatformPost = z.infer<typeof platformPostSchema>;

export const clipSchema = z.object({
  id: idSchema,
  videoId: idSchema,
  state: clipStateSchema,
  rank: z.number().int().positive(),
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  score: z.number().min(0).max(100),
  scoreParts: z.array(scorePartSchema),
  title: z.string(),
  isTitleSuggested: z.boolean().describe('An engine wrote it; false once a person has written another'),
  tags: z.array(z.string()),
  areTagsSuggested: z.boolean().describe('An engine found them; false once a person has set them'),
  posts: z.array(platformPostSchema).describe('Texts for publishing'),
  excerpt: z.string().describe('What is said; empty without a transcript'),
  boundaries: z.array(boundaryCheckSchema).describe('Whether its edges stand alone, as suggested; empty without sentences'),
  editVersion: z.number().int(),
  undoVersion: z.number().int().nullable().describe('The version that this one was made on; null of the first'),
  redoVersion: z.number().int().nullable().describe('The newest version that was made on this one'),
  version: z.string().describe('Its ETag: send it as If-Match with a change'),
  cover: coverChoiceSchema,
  safety: clipSafetySchema.nullable().describe('Null where nothing stops it. Files of a clip that is held or refused are not given out'),
  segments: z.array(spanSchema).describe('Spans of the source that it is made of, in this version'),
  durationSeconds: secondsSchema,
  renditions: z.array(renditionSchema),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable().describe('That of its video'),
});
export type Clip = z.infer<typeof clipSchema>;

export const updateClipBodySchema = z.object({
  state: clipStateSchema.optional(),
  title: z.string().trim().min(1).max(200).optional(),
  cover: coverChoiceSchema.optional(),
  tags: clipTagsSchema.optional(),
});

export const createRenditionBodySchema = z.object({
  aspect: aspectSchema,
  captionStyle: captionStyleSchema.optional().describe('As chosen for the video by default'),
  captionOptions: captionOptionsSchema.optional(),
  captionLanguage: z.string().min(2).max(35).optional().describe('An approved translation; as spoken by default'),
  framing: framingWishSchema.optional(),
  codec: videoCodecSchema
    .optional()
    .describe('h264 by default. Where no agent can encode another one, the clip is H.264 and `encoderReason` says so'),
  brandKitId: idSchema.nullish().describe('A brand kit; null: none; left out: as chosen for the video'),
  shortSide: z
    .number()
    .int()
    .min(720)
    .max(2160)
    .optional()
    .describe('Pixels of the shorter side. 1080 by default, 720 for small sources; the certificate tells how much the source is enlarged'),
});
