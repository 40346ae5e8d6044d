import { z } from 'zod';
import { assetSchema, brandingSchema } from './branding.ts';
import { captionOptionsSchema, captionStyleSchema } from './captions.ts';
import { encodingReportSchema, renderTuningSchema } from './encodingReport.ts';
import { secondsSchema, sha256Schema, shareSchema } from './common.ts';
import { videoCodecSchema } from './encoders.ts';
import { framingRecordSchema } from './framing.ts';
import { framingWishSchema, layoutSchema } from './framingWish.ts';

/** One spoken word on the source's time line. */
export const wordSchema = z.object({
  text: z.string().min(1).max(200).describe('The word with its punctuation'),
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  confidence: shareSchema.optional(),
  speaker: z.string().max(60).optional(),
});
export type Word = z.infer<typeof wordSchema>;

/** A half-open span of the source, in seconds. */
export const spanSchema = z.object({ startSeconds: secondsSchema, endSeconds: secondsSchema });
export type Span = z.infer<typeof spanSchema>;

export const aspects = ['9:16', '1:1', '4:5', '16:9'] as const;
export const aspectSchema = z.enum(aspects).describe('Width to height of the finished picture');
export type Aspect = z.infer<typeof aspectSchema>;

/** What is known of a source after probing it. Sizes are as displayed: rotation and pixel shape applied. */
export const probeSchema = z.object({
  container: z.string(),
  durationSeconds: secondsSchema,
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  frameRate: z.number().positive().describe('Frames per second, averaged over the file'),
  rotationDegrees: z.number().int(),
  videoCodec: z.string(),
  isHdr: z.boolean(),
  isInterlaced: z.boolean().optional().describe('Whether its pictures are stored in two fields'),
  audioCodec: z.string().nullable().describe('Null when the source has no sound'),
  audioChannels: z.number().int().nonnegative(),
});
export type Probe = z.infer<typeof probeSchema>;

/** Sound and picture of the source in steps of `hopSeconds`, for choosing clips and drawing the waveform. */
export const analysisSchema = z.object({
  hopSeconds: z.number().positive(),
  loudnessDb: z.array(z.number()).describe('RMS level per hop in dBFS; empty without sound'),
  peaks: z.array(z.number().min(0).max(1)).describe('Peak amplitude per hop; empty without sound'),
  motion: z.array(z.number().min(0)).describe('Mean absolute luma change per hop, 0 to 255; may be empty'),
  cutsSeconds: z.array(secondsSchema).describe('Times of hard cuts'),
  pictures: z
    .object({
      model: z.string().max(100),
      atSeconds: z.array(secondsSchema).max(5000).describe('Times of the frames that were judged, in order'),
      scores: z.array(shareSchema).max(5000).describe('How likely each is nudity or sex'),
    })
    .refine(({ atSeconds, scores }) => atSeconds.length === scores.length, 'has a score for every time')
    .optional()
    .describe('Absent where no picture was judged'),
});
export type Analysis = z.infer<typeof analysisSchema>;

/** The words of one video in one language, as a transcriber returns them. */
export const transcriptDocumentSchema = z.object({
  language: z.string().max(35).describe('BCP 47 tag, or `und`'),
  engine: z.string().max(100).describe('What heard or supplied the words'),
  words: z.array(wordSchema),
});
export type TranscriptDocument = z.infer<typeof transcriptDocumentSchema>;

/** A measured fact about a rendition, and the bound it is held to. */
export const certificateEntrySchema = z.object({
  name: z.string().describe('snake_case name of the fact'),
  label: z.string().describe('The fact in words'),
  value: z.number(),
  unit: z.string(),
  bound: z.string().nullable().describe('For example `at least 0.97`; null where nothing is required'),
  passed: z.boolean(),
});
export type CertificateEntry = z.infer<typeof certificateEntrySchema>;

/** What was done with one shot of a clip; times are the clip's. */
export const shotLayoutSchema = z.object({
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  layout: layoutSchema,
  reason: z.string().describe('Why, in one sentence'),
});
export type ShotLayout = z.infer<typeof shotLayoutSchema>;

// ---- what an agent is asked to do, by kind ---------------------------------------------------------------------------

const inputSchema = z.object({
  url: z.url().describe('Short-lived, answers ranges'),
  sizeBytes: z.number().int().nonnegative(),
});

export const inspectSpecSchema = z.object({
  kind: z.literal('inspect'),
  source: inputSchema,
  fileName: z.string().describe('As the uploader named it; for messages only'),
  limits: z.object({ durationSeconds: z.number(), framePixels: z.number() }),
});

export const transcribeSpecSchema = z.object({
  kind: z.literal('transcribe'),
  source: inputSchema.describe('16 kHz mono FLAC'),
  durationSeconds: secondsSchema,
  language: z.string().nullable().describe('BCP 47 tag to force, or null to detect'),
  keyTerms: z.array(z.string()).describe('Names and terms that are likely to be said'),
});

export const renderSpecSchema = z.object({
  kind: z.literal('render'),
  source: inputSchema,
  probe: probeSchema,
  segments: z.array(spanSchema).min(1).describe('Edit list: the spans of the source in playing order'),
  output: z.object({
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    maxFrameRate: z.number().positive(),
    codec: videoCodecSchema.optional().describe('h264 by default'),
  }),
  captions: z
    .object({
      style: captionStyleSchema,
      language: z.string(),
      words: z.array(wordSchema).describe('On the source time line'),
      ...captionOptionsSchema.shape,
      font: z
        .object({ family: z.string().max(60), file: assetSchema })
        .optional()
        .describe('A brand’s own font, which goes before those that come with the agent'),
    })
    .nullable(),
  loudness: z.object({ integratedLufs: z.number(), truePeakDbtp: z.number() }),
  framing: framingWishSchema.optional(),
  branding: brandingSchema.optional(),
  tuning: renderTuningSchema
    .optional()
    .describe('Asks for the similarity of the picture, and may name settings; absent: the settings of the encoder'),
  analysisKey: z
    .string()
    .max(200)
    .optional()
    .describe('The same for all renditions that show the same spans of the same video: what was seen in them need not be looked for again'),
});

export const taskSpecSchema = z.discriminatedUnion('kind', [inspectSpecSchema, transcribeSpecSchema, renderSpecSchema]);
export type TaskSpec = z.infer<typeof taskSpecSchema>;
export type InspectSpec = z.infer<typeof inspectSpecSchema>;
export type TranscribeSpec = z.infer<typeof transcribeSpecSchema>;
export type RenderSpec = z.infer<typeof renderSpecSchema>;

export const taskKinds = ['inspect', 'transcribe', 'render'] as const;
export const taskKindSchema = z.enum(taskKinds);
export type TaskKind = z.infer<typeof taskKindSchema>;

/** The files each kind of task must deliver, and those it may. */
export const taskOutputs = {
  inspect: { required: ['proxy', 'thumbnail', 'analysis'], optional: ['audio'] },
  transcribe: { required: ['transcript'], optional: [] },
  render: { required: ['video', 'cover'], optional: ['cover2', 'cover3', 'srt', 'vtt', 'ass', 'words'] },
} as const satisfies Record<TaskKind, { required: readonly string[]; optional: readonly string[] }>;

export const outputNames = [
  ...(['proxy', 'thumbnail', 'analysis', 'audio', 'transcript'] as const),
  ...(['video', 'cover', 'cover2', 'cover3', 'srt', 'vtt', 'ass', 'words'] as const),
] as const;
export const outputNameSchema = z.enum(outputNames);
export type OutputName = z.infer<typeof outputNameSchema>;

/** The media type each output is stored and served under. */
export const outputContentType = {
  proxy: 'video/mp4',
  thumbnail: 'image/jpeg',
  analysis: 'application/json',
  audio: 'audio/flac',
  transcript: 'application/json',
  video: 'video/mp4',
  cover: 'image/jpeg',
  cover2: 'image/jpeg',
  cover3: 'image/jpeg',
  srt: 'application/x-subrip',
  vtt: 'text/vtt',
  ass: 'text/x-ssa',
  words: 'application/json',
} as const satisfies Record<OutputName, string>;

/** Where an agent puts one output. */
export const outputSlotSchema = z.object({
  name: outputNameSchema,
  url: z.url().describe('Short-lived; PUT the whole file with the given content type'),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers that must be sent with the PUT'),
  contentType: z.string(),
  maxBytes: z.number().int().positive(),
});
export type OutputSlot = z.infer<typeof outputSlotSchema>;

/** What an agent says of an output it has put. */
export const deliveredOutputSchema = z.object({
  name: outputNameSchema,
  sizeBytes: z.number().int().positive(),
  sha256: sha256Schema,
});
export type DeliveredOutput = z.infer<typeof deliveredOutputSchema>;

// ---- what an agent answers, by kind ----------------------------------------------------------------------------------

export const inspectResultSchema = z.object({ kind: z.literal('inspect'), probe: probeSchema });

export const transcribeResultSchema = z.object({
  kind: z.literal('transcribe'),
  language: z.string(),
  engine: z.string(),
  wordCount: z.number().int().nonnegative(),
});

export const renderResultSchema = z.object({
  kind: z.literal('render'),
  durationSeconds: secondsSchema,
  frameCount: z.number().int().positive(),
  frameRate: z.number().positive(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  encoder: z.string(),
  encoderReason: z.string().optional().describe('Why this encoder, in one sentence'),
  layout: layoutSchema,
  layoutReason: z.string().describe('Why this layout, in one sentence'),
  shots: z.array(shotLayoutSchema).max(2000).optional().describe('The layout of each shot'),
  captionsBurnedIn: z.boolean(),
  framing: framingRecordSchema.optional().describe('Where its crops and the faces in it stand'),
  certificate: z.array(certificateEntrySchema),
  encoding: encodingReportSchema.optional().describe('Where it was asked for; agents of the version before tell nothing'),
});

export const taskResultSchema = z.discriminatedUnion('kind', [inspectResultSchema, transcribeResultSchema, renderResultSchema]);
export type TaskResult = z.infer<typeof taskResultSchema>;
export type InspectResult = z.infer<typeof inspectResultSchema>;
export type TranscribeResult = z.infer<typeof transcribeResultSchema>;
export type RenderResult = z.infer<typeof renderResultSchema>;
