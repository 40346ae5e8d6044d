/** An OpenAI-compatible chat endpoint (vLLM, Ollama, llama.cpp, a cloud): one question, one JSON answer that is checked. */
import { z } from 'zod';

export interface LanguageModelOptions {
  /** Up to and including the version, for example `http://127.0.0.1:11434/v1`. */
  baseUrl: string;
  apiKey: string | undefined;
  model: string;
  timeoutMs: number;
  /** The way out that only lets this host through. */
  fetch: typeof globalThis.fetch;
}

export interface Question<T> {
  system: string;
  user: string;
  /** What the answer has to be; told to the model as JSON Schema. */
  answer: z.ZodType<T>;
  signal?: AbortSignal;
}

export interface LanguageModel {
  readonly model: string;
  /** Asks once. Throws LanguageModelError. */
  ask<T>(question: Question<T>): Promise<T>;
}

export type LanguageModelErrorCode = 'refused' | 'out_of_credit' | 'rate_limited' | 'unavailable' | 'timeout' | 'bad_answer';

/** A question without a usable answer. `refused` and `out_of_credit` need a person. */
export class LanguageModelError extends Error {
  override readonly name = 'LanguageModelError';
  readonly code: LanguageModelErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: LanguageModelErrorCode, message: string, extra: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}

const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }), finish_reason: z.string().nullish() })).min(1),
});

/** The JSON in an answer: small models wrap it in a fence or in words. */
function jsonIn(content: string): unknown {
  const from = content.search(/[[{]/);
  const to = Math.max(content.lastIndexOf('}'), content.lastIndexOf(']'));
  if (from === -1 || to < from) {
    throw new LanguageModelError('bad_answer', 'The language model answered without JSON.');
  }
  try {
    return JSON.parse(content.slice(from, to + 1));
  } catch (error) {
    throw new LanguageModelError('bad_answer', 'The language model’s answer was cut off or is no JSON.', { cause: error });
  }
}

async function refusal(response: Response): Promise<LanguageModelError> {
  const text = (await response.text().catch(() => '')).slice(0, 2000);
  const said = /"message"\s*:\s*"((?:[^"\\]|\\.){1,200})/.exec(text)?.[1];
  const reason = said === undefined ? '.' : `: ${said.replace(/\.+$/, '')}.`;
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const extra = Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {};
  const { status } = response;
  if (status === 402 || (status === 429 && /insufficient_quota/.test(text))) {
    return new LanguageModelError('out_of_credit', `The language model’s account is out of credit${reason}`);
  }
  if (status === 429) {
    return new LanguageModelError('rate_limited', `The language model takes no more questions for the moment${reason}`, extra);
  }
  if (status >= 500 || status === 408) {
    return new LanguageModelError('unavailable', `The language model is not available (status ${status})${reason}`, extra);
  }
  return new LanguageModelError('refused', `The language model refused the question (status ${status})${reason}`);
}

/** Makes the client. Nothing is sent before `ask`. */
export function createLanguageModel(options: LanguageModelOptions): LanguageModel {
  const url = `${options.baseUrl.replace(/\/+$/, '')}/chat/completions`;
  return {
    model: options.model,
    async ask({ system, user, answer, signal }) {
      const timeout = AbortSignal.timeout(options.timeoutMs);
      const shape = JSON.stringify(z.toJSONSchema(answer));
      try {
        const response = await options.fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }),
          },
          body: JSON.stringify({
            model: options.model,
            temperature: 0,
            stream: false,
            response_format: { type: 'json_object' },
            messages: [
              { role: 'system', content: `${system}\nAnswer with one JSON object of this JSON Schema and nothing else: ${shape}` },
              { role: 'user', content: user },
            ],
          }),
          signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        });
        if (!response.ok) {
          throw await refusal(response);
        }
        const completion = completionSchema.safeParse(await response.json().catch(() => null));
        if (!completion.success) {
          throw new LanguageModelError('bad_answer', 'The language model’s answer was cut off or has another form.');
        }
        const parsed = answer.safeParse(jsonIn(completion.data.choices[0]?.message.content ?? ''));
        if (!parsed.success) {
          throw new LanguageModelError('bad_answer', 'The language model’s answer has another form than was asked for.', {
            cause: parsed.error,
          });
        }
        return parsed.data;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof LanguageModelError) {
          throw error;
        }
        if (timeout.aborted) {
          throw new LanguageModelError('timeout', `The language model did not answer within ${Math.round(options.timeoutMs / 1000)} s.`, {
            cause: error,
          });
        }
        throw new LanguageModelError('unavailable', 'The language model could not be reached. Check its address.', { cause: error });
      }
    },
  };
}
