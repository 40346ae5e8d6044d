/** Deepgram's pre-recorded speech-to-text. Keeps: A2 (model improvement opted out on every request), A4 (the body is streamed, no URL is handed out). */
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { type Transcriber, transcriptDocumentSchema, type TranscriberInput, type TranscriptDocument } from '@carmic/contract';
import { DeepgramClient, DeepgramError } from '@deepgram/sdk';
import { deepgramAnswerSchema, wordsOfAnswer } from './deepgramAnswer.ts';
import { deepgramFailure } from './deepgramFailure.ts';
import { type Sound, TranscriptionError } from './transcriber.ts';

export interface DeepgramOptions {
  /** `https://api.deepgram.com`, `https://api.eu.deepgram.com` or a host of one's own. */
  baseUrl: string;
  apiKey: string;
  /** The way out that only lets this host through. */
  fetch: typeof globalThis.fetch;
}

const model = 'nova-3';

/** Sound that Deepgram may leave unheard at the end before its answer counts as cut off, in seconds and as a share. */
const missingSeconds = 10;
const missingShare = 0.1;

function documentOf(body: unknown, input: TranscriberInput<Sound>): TranscriptDocument {
  const parsed = deepgramAnswerSchema.safeParse(body);
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
    words: wordsOfAnswer(parsed.data),
  });
}

/**
 * Makes the transcriber that asks Deepgram. Each call is one request without retries (the job that calls it retries); every way it can
 * fail is a TranscriptionError, except that an aborted call rejects with the signal's reason. The request id ends up in `engine`.
 */
export function createDeepgramTranscriber({ baseUrl, apiKey, fetch }: DeepgramOptions): Transcriber<Sound> {
  // `environment` and `baseUrl` both exist in the SDK; the transcription call takes the base URL, so that one is set.
  const client = new DeepgramClient({ apiKey, baseUrl, fetch, maxRetries: 0, logging: { silent: true } });
  return {
    engine: `deepgram ${model}`,
    async transcribe(input) {
      input.signal.throwIfAborted();
      const { contentType, sizeBytes, open } = input.sound;
      const source = await open();
      const data = source instanceof Readable ? source : Readable.fromWeb(source as NodeReadableStream<Uint8Array>);
      try {
        const { data: body } = await client.listen.v1.media
          .transcribeFile(
            { data, contentType, contentLength: sizeBytes },
            {
              model,
              mip_opt_out: true,
              punctuate: true,
              smart_format: true,
              diarize: true,
              utterances: true,
              ...(input.keyTerms.length === 0 ? {} : { keyterm: [...input.keyTerms] }),
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
