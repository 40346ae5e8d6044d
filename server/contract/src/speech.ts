import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, secondsSchema, timeSchema } from './common.ts';
import { wordSchema } from './media.ts';
import { route } from './route.ts';

const textOf = (most: number) => z.string().trim().max(most);
const languageSchema = z.string().min(2).max(35).describe('BCP 47 tag');

// ---- words as people corrected them ----------------------------------------------------------------------------------

const shownWordSchema = wordSchema.extend({ isCorrected: z.literal(true).optional().describe('A person wrote it') });
const speakersSchema = z
  .array(z.object({ label: z.string(), name: z.string() }))
  .describe('Voices as they were heard, and as people call them');

export const transcriptSchema = z.object({
  videoId: idSchema,
  language: z.string(),
  engine: z.string(),
  version: z.number().int().nonnegative().describe('Counts the edits; an edit names the version it was made from'),
  words: z.array(shownWordSchema),
  speakers: speakersSchema,
});
export type Transcript = z.infer<typeof transcriptSchema>;

export const transcriptChangeSchema = z.object({
  videoId: idSchema,
  version: z.number().int().nonnegative().describe('The version that the edits made'),
  changes: z
    .array(
      z.object({
        from: z.number().int().nonnegative().describe('Index of the first replaced word, in the words of the version before'),
        to: z.number().int().nonnegative().describe('Index behind the last one; `from` where words were only added'),
        words: z.array(shownWordSchema).describe('What stands there now'),
      }),
    )
    .describe('What reads otherwise than before, first places first; all other words are as they were'),
  speakers: speakersSchema,
});
export type TranscriptChange = z.infer<typeof transcriptChangeSchema>;

export const updateTranscriptBodySchema = z.object({
  version: z.number().int().nonnegative().describe('The version these edits were made from; another answers conflict'),
  corrections: z
    .array(
      z.object({
        from: z.number().int().nonnegative().describe('Index of the first word to replace, in the words of that version'),
        to: z.number().int().positive().describe('Index behind the last one'),
        text: textOf(2000).describe('What is said instead; empty when nothing is'),
      }),
    )
    .max(500)
    .optional(),
  speakers: z
    .array(z.object({ label: z.string().min(1).max(60), name: z.string().trim().min(1).max(60) }))
    .max(100)
    .optional()
    .describe('Names of voices; two labels with one name are one speaker. A label as its own name takes a name back'),
});

// ---- glossary --------------------------------------------------------------------------------------------------------

const termFields = {
  term: z.string().trim().min(1).max(100).describe('As it is to be written'),
  soundsLike: z.array(z.string().trim().min(1).max(100)).max(10).describe('What it is misheard as'),
  translations: z
    .record(languageSchema, z.string().trim().min(1).max(100))
    .describe('By language; a language that is absent keeps the term as it is'),
};

export const glossaryTermSchema = z.object({
  id: idSchema,
  ...termFields,
  origin: z.enum(['person', 'correction']).describe('`correction`: taken from a corrected transcript'),
  version: z.string().describe('Send it as If-Match to change what you have seen'),
  createdAt: timeSchema,
});
export type GlossaryTerm = z.infer<typeof glossaryTermSchema>;
export const createTermBodySchema = z.object({
  term: termFields.term,
  soundsLike: termFields.soundsLike.default([]),
  translations: termFields.translations.default({}),
});
export const updateTermBodySchema = z.object({
  term: termFields.term.optional(),
  soundsLike: termFields.soundsLike.optional(),
  translations: termFields.translations.optional(),
});

// ---- search ----------------------------------------------------------------------------------------------------------

export const searchHitSchema = z.object({
  videoId: idSchema,
  videoTitle: z.string(),
  kind: z.enum(['words', 'title', 'clip']).describe('Said in the video, its title, or the title of one of its clips'),
  startSeconds: secondsSchema.describe('Where to jump to: the first word that was found'),
  text: z.string().describe('The sentence or title around it'),
  marks: z.array(z.object({ from: z.number().int(), to: z.number().int() })).describe('What was found, as character offsets in the text'),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

// ---- translation -----------------------------------------------------------------------------------------------------

export const lineFlags = ['missing', 'added', 'untranslated', 'number', 'name', 'negation', 'glossary', 'too_fast', 'length'] as const;
export const lineFlagSchema = z.enum(lineFlags);
export type LineFlag = z.infer<typeof lineFlagSchema>;

/** One caption of a translated track beside what was said. */
export const translationLineSchema = z.object({
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  source: z.string(),
  text: z.string(),
  flags: z.array(z.object({ flag: lineFlagSchema, note: z.string() })).describe('What a person should look at'),
  isEdited: z.boolean(),
});
export type TranslationLine = z.infer<typeof translationLineSchema>;

export const translationStateSchema = z.enum(['queued', 'translating', 'draft', 'approved', 'failed']);
export const translationSchema = z.object({
  id: idSchema,
  videoId: idSchema,
  language: z.string(),
  state: translationStateSchema.describe('Only an approved one can be burned in'),
  engine: z.string().nullable(),
  version: z.number().int().nonnegative(),
  lineCount: z.number().int(),
  flaggedCount: z.number().int(),
  isStale: z.boolean().describe('The words were edited after it was made'),
  failure: z.string().nullable(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type Translation = z.infer<typeof translationSchema>;
export const translationWithLinesSchema = translationSchema.extend({ lines: z.array(translationLineSchema) });

export const captionTrackSchema = z.object({ fileName: z.string(), contentType: z.string(), text: z.string() });

// ---- which engine does what -----------------------------------------------------------------------------------------

export const engineKinds = ['transcription', 'language', 'translation', 'safety'] as const;
export const engineKindSchema = z.enum(engineKinds);
export type EngineKind = z.infer<typeof engineKindSchema>;

export const engineSchema = z.object({
  name: z.string(),
  label: z.string(),
  isAvailable: z.boolean(),
  isExternal: z.boolean().describe('Content is sent to another host'),
  isRefused: z.boolean().describe('The owners of the workspace do not allow this third party, whatever the order says'),
  explanation: z.string().describe('Where it runs, or what is missing'),
});
export const switchSchema = z.object({
  kind: engineKindSchema,
  engines: z.array(engineSchema),
  order: z.array(z.string()).describe('In force: tried from the first to the last; empty means off'),
  decidedBy: z.enum(['environment', 'workspace', 'instance', 'default']),
  instanceOrder: z.array(z.string()).nullable(),
  workspaceOrder: z.array(z.string()).nullable(),
  variable: z.string().describe('The environment variable that decides when it is set'),
});
export type EngineSwitch = z.infer<typeof switchSchema>;

export const engineUsageSchema = z.object({
  kind: engineKindSchema,
  engine: z.string(),
  calls: z.number().int(),
  failedCalls: z.number().int(),
  seconds: z.number().describe('Seconds of sound'),
  characters: z.number().int().describe('Characters sent'),
  cost: z.number().min(0).nullable().describe('By the price the operator set for this engine, in `currency`; null without one'),
});
export const switchboardSchema = z.object({
  switches: z.array(switchSchema),
  usage: z.array(engineUsageSchema).describe('Of this workspace, last 30 days'),
  currency: z.string().describe('Of the costs, by ISO 4217'),
});
export type Switchboard = z.infer<typeof switchboardSchema>;
const orderSchema = z.array(z.string().max(40)).max(10).nullable();
export const engineOrderSchema = z.object({ kind: engineKindSchema, order: orderSchema });

/** Names a kept order of engines, for conditional changes. */
export const engineOrderVersion = (order: readonly string[] | null): string =>
  order === null ? 'none' : order.length === 0 ? 'off' : order.join('.');

export const engineTestSchema = z.object({
  isOk: z.boolean(),
  message: z.string().describe('What came back, or what to do'),
  milliseconds: z.number().int(),
});

/** Routes about words: editing, glossary, search, translation, engines. */
export const speechRoutes = {
  updateTranscript: route({
    method: 'PATCH',
    path: '/api/v1/videos/:id/transcript',
    summary: 'Correct words and name speakers, and hear what reads otherwise now; times are kept',
    policy: 'editor',
    params: idParamsSchema,
    body: updateTranscriptBodySchema,
    reply: transcriptChangeSchema,
    status: 200,
    hasEtag: true,
  }),
  listTerms: route({
    method: 'GET',
    path: '/api/v1/glossary-terms',
    summary: 'The workspace’s glossary, newest first',
    policy: 'viewer',
    reply: z.object({ items: z.array(glossaryTermSchema) }),
    status: 200,
  }),
  createTerm: route({
    method: 'POST',
    path: '/api/v1/glossary-terms',
    summary: 'Add a name or term',
    policy: 'editor',
    body: createTermBodySchema,
    reply: glossaryTermSchema,
    status: 201,
    isIdempotent: true,
  }),
  getTerm: route({
    method: 'GET',
    path: '/api/v1/glossary-terms/:id',
    summary: 'One term',
    policy: 'viewer',
    params: idParamsSchema,
    reply: glossaryTermSchema,
    status: 200,
    hasEtag: true,
  }),
  updateTerm: route({
    method: 'PATCH',
    path: '/api/v1/glossary-terms/:id',
    summary: 'Change a term',
    policy: 'editor',
    params: idParamsSchema,
    body: updateTermBodySchema,
    reply: glossaryTermSchema,
    status: 200,
    hasEtag: true,
  }),
  deleteTerm: route({
    method: 'DELETE',
    path: '/api/v1/glossary-terms/:id',
    summary: 'Remove a term',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  search: route({
    method: 'GET',
    path: '/api/v1/search',
    summary: 'Find what was said, and titles, across the workspace',
    policy: 'viewer',
    query: z.object({
      q: z.string().trim().min(1).max(200),
      limit: z.coerce.number().int().min(1).max(50).default(20),
    }),
    reply: z.object({ items: z.array(searchHitSchema), hasMore: z.boolean() }),
    status: 200,
  }),
  listTranslations: route({
    method: 'GET',
    path: '/api/v1/videos/:id/translations',
    summary: 'Caption tracks of a video in other languages',
    policy: 'viewer',
    params: idParamsSchema,
    reply: z.object({ items: z.array(translationSchema) }),
    status: 200,
  }),
  createTranslation: route({
    method: 'POST',
    path: '/api/v1/videos/:id/translations',
    summary: 'Translate the captions; an existing track of that language is made anew',
    policy: 'editor',
    params: idParamsSchema,
    body: z.object({ language: languageSchema }),
    reply: translationSchema,
    status: 201,
  }),
  getTranslation: route({
    method: 'GET',
    path: '/api/v1/translations/:id',
    summary: 'A translated track, line by line beside the source',
    policy: 'viewer',
    params: idParamsSchema,
    reply: translationWithLinesSchema,
    status: 200,
    hasEtag: true,
  }),
  updateTranslation: route({
    method: 'PATCH',
    path: '/api/v1/translations/:id',
    summary: 'Edit lines, approve, or take the approval back',
    policy: 'editor',
    params: idParamsSchema,
    body: z.object({
      version: z.number().int().nonnegative(),
      lines: z
        .array(z.object({ index: z.number().int().nonnegative(), text: textOf(500) }))
        .max(2000)
        .optional(),
      isApproved: z.boolean().optional(),
    }),
    reply: translationWithLinesSchema,
    status: 200,
    hasEtag: true,
  }),
  deleteTranslation: route({
    method: 'DELETE',
    path: '/api/v1/translations/:id',
    summary: 'Remove a translated track',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  getCaptionTrack: route({
    method: 'GET',
    path: '/api/v1/videos/:id/caption-track',
    summary: 'Captions of the whole video as SRT or VTT, in its own or a translated language',
    policy: 'viewer',
    params: idParamsSchema,
    query: z.object({ format: z.enum(['srt', 'vtt']).default('srt'), language: languageSchema.optional() }),
    reply: captionTrackSchema,
    status: 200,
  }),
  getSwitchboard: route({
    method: 'GET',
    path: '/api/v1/switchboard',
    summary: 'Which engine does what for this workspace, and what each was used for',
    policy: 'viewer',
    reply: switchboardSchema,
    status: 200,
  }),
  getWorkspaceEngines: route({
    method: 'GET',
    path: '/api/v1/switchboard/workspace/:kind',
    summary: 'The workspace’s own order of engines; null where it follows the installation',
    policy: 'viewer',
    params: z.object({ kind: engineKindSchema }),
    reply: engineOrderSchema,
    status: 200,
    hasEtag: true,
  }),
  updateWorkspaceEngines: route({
    method: 'PUT',
    path: '/api/v1/switchboard/workspace/:kind',
    summary: 'The workspace’s own order of engines; null follows the installation',
    policy: 'owner',
    params: z.object({ kind: engineKindSchema }),
    body: z.object({ order: orderSchema }),
    reply: switchboardSchema,
    status: 200,
    hasEtag: true,
  }),
  getInstanceEngines: route({
    method: 'GET',
    path: '/api/v1/switchboard/instance/:kind',
    summary: 'The installation’s order of engines; null where the default holds',
    policy: 'admin',
    params: z.object({ kind: engineKindSchema }),
    reply: engineOrderSchema,
    status: 200,
    hasEtag: true,
  }),
  updateInstanceEngines: route({
    method: 'PUT',
    path: '/api/v1/switchboard/instance/:kind',
    summary: 'The installation’s order of engines; null takes the default',
    policy: 'admin',
    params: z.object({ kind: engineKindSchema }),
    body: z.object({ order: orderSchema }),
    reply: switchboardSchema,
    status: 200,
    hasEtag: true,
  }),
  testEngine: route({
    method: 'POST',
    path: '/api/v1/switchboard/tests',
    summary: 'Call an engine once and say what came back',
    policy: 'admin',
    body: z.object({ kind: engineKindSchema, engine: z.string().max(40) }),
    reply: engineTestSchema,
    status: 201,
  }),
} as const;
