/** Deepgram's pre-recorded speech-to-text. Keeps: A2 (model improvement opted out on every request), A4 (the body is streamed, no URL is handed out). */
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { transcriptDocumentSchema, type TranscriptDocument, type Word } from '@carmic/contract';
import { DeepgramClient, DeepgramError } from '@deepgram/sdk';
import { z } from 'zod';
import { deepgramFailure } from './deepgramFailure.ts';
import { type Transcriber, TranscriptionError, type TranscriberInput } from './transcriber.ts';

export interface DeepgramOptions {
  /** `https://api.deepgram.com`, `https://api.eu.deepgram.com` or a host of one's own. */
  baseUrl: string;
  apiKey: string;
  /** The way out that only lets this host through. */
  fetch: typeof globalThis.fetch;
}

const model = 'nova-3';

const answerSchema = z.object({
  metadata: z.object({ request_id: z.string().optional(), duration: z.number() }),
  results: z.object({
    channels: z
      .array(
        z.object({
          detected_language: z.string().optional(),
          alternatives: z
            .array(
              z.object({
                words: z.array(
                  z.object({
                    word: z.string(),
                    punctuated_word: z.string().optional(),
                    start: z.number(),
                    end: z.number(),
                    confidence: z.number().optional(),
                    speaker: z.number().optional(),
                  }),
                ),
              }),
            )
            .min(1),
        }),
      )
      .min(1),
  }),
});
type Answer = z.infer<typeof answerSchema>;

/** Sound that Deepgram may leave unheard at the end before its answer counts as cut off, in seconds and as a share. */
const missingSeconds = 10;
const missingShare = 0.1;

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

function wordsOf(answer: Answer): Word[] {
  const heard = answer.results.channels[0]?.alternatives[0]?.words ?? [];
  const words: Word[] = [];
  let free = 0;
  for (const item of heard) {
    const text = (item.punctuated_word ?? item.word).trim().slice(0, 200);
    if (text === '') {
      continue;
    }
    const startSeconds = round(Math.max(free, item.start));
    const endSeconds = round(Math.max(startSeconds + 0.02, item.end));
    words.push({
      text,
      startSeconds,
      endSeconds,
      ...(item.confidence === undefined ? {} : { confidence: Math.max(0, Math.min(1, item.confidence)) }),
      ...(item.speaker === undefined ? {} : { speaker: `Speaker ${item.speaker + 1}` }),
    });
    free = endSeconds;
  }
  return words;
}

function documentOf(body: unknown, input: TranscriberInput): TranscriptDocument {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) {
    throw new TranscriptionError('half_answer', 'Deepgram’s answer was cut off or has no words in it. It will be asked again.', {
      cause: parsed.error,
    });
  }
  const { metadata, results } = parsed.data;
  const missing = input.durationSeconds - metadata.duration;
  if (missing > missingSeconds && missing > input.durationSeconds * missingShare) {
    throw new TranscriptionError(
      'half_answer',
      `Deepgram heard ${Math.round(metadata.duration)} of ${Math.round(input.durationSeconds)} seconds. It will be asked again.`,
    );
  }
  return transcriptDocumentSchema.parse({
    language: (input.language ?? results.channels[0]?.detected_language ?? 'und').slice(0, 35),
    engine: `deepgram ${model} ${metadata.request_id ?? ''}`.trim().slice(0, 100),
    words: wordsOf(parsed.data),
  });
}

/**
 * Makes the transcriber that asks Deepgram. Each call is one request without retries (the job that calls it retries); every way it can
 * fail is a TranscriptionError, except that an aborted call rejects with the signal's reason. The request id ends up in `engine`.
 */
export function createDeepgramTranscriber({ baseUrl, apiKey, fetch }: DeepgramOptions): Transcriber {
  // `environment` and `baseUrl` both exist in the SDK; the transcription call takes the base URL, so that one is set.
  const client = new DeepgramClient({ apiKey, baseUrl, fetch, maxRetries: 0, logging: { silent: true } });
  return {
    engine: `deepgram ${model}`,
    async transcribe(input) {
      input.signal.throwIfAborted();
      const source = await input.audio();
      const data = source instanceof Readable ? source : Readable.fromWeb(source as NodeReadableStream<Uint8Array>);
      try {
        const { data: body } = await client.listen.v1.media
          .transcribeFile(
            { data, contentType: input.contentType, contentLength: input.sizeBytes },
            {
              model,
              mip_opt_out: true,
              punctuate: true,
              smart_format: true,
              diarize: true,
              utterances: true,
              ...(input.language === null ? { detect_language: true } : { language: input.language }),
            },
            { maxRetries: 0, timeoutInSeconds: 120 + Math.ceil(input.durationSeconds / 4), abortSignal: input.signal },
          )
          .withRawResponse();
        return documentOf(body, input);
      } catch (error) {
        throw deepgramFailure(error, input.signal, (candidate) => candidate instanceof DeepgramError);
      } finally {
        data.destroy();
      }
    },
  };
}
