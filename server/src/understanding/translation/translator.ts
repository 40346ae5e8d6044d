/** A name or term and how it is written in the other language. */
export interface GlossaryPair {
  term: string;
  translation: string;
}

export interface TranslatorInput {
  /** Whole sentences. */
  texts: readonly string[];
  /** How many characters of each can be read in its time; an engine that can word things shorter does. */
  mostCharacters: readonly number[];
  /** BCP 47; null lets the engine find out. */
  source: string | null;
  target: string;
  glossary: readonly GlossaryPair[];
  signal: AbortSignal;
}

/** Something that turns sentences into sentences of another language. */
export interface Translator {
  readonly engine: string;
  /** Answers one text per text; null where the engine left one out. Throws TranslationError. */
  translate(input: TranslatorInput): Promise<(string | null)[]>;
}

/** `refused`, `out_of_credit` and `unknown_language` need a person; the others may be tried again. */
export type TranslationErrorCode =
  'refused' | 'out_of_credit' | 'unknown_language' | 'rate_limited' | 'unavailable' | 'timeout' | 'half_answer';

/** A translation that failed, with a sentence a person can act on. */
export class TranslationError extends Error {
  override readonly name = 'TranslationError';
  readonly code: TranslationErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: TranslationErrorCode, message: string, extra: { retryAfterSeconds?: number | undefined; cause?: unknown } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}

const mostTexts = 40;
const mostCharacters = 4000;

/** Cuts texts into requests of bearable size, keeping their order. */
export function batchesOf(texts: readonly string[]): string[][] {
  const batches: string[][] = [];
  let size = 0;
  for (const text of texts) {
    const last = batches.at(-1);
    if (last === undefined || last.length >= mostTexts || size + text.length > mostCharacters) {
      batches.push([text]);
      size = text.length;
    } else {
      last.push(text);
      size += text.length;
    }
  }
  return batches;
}
