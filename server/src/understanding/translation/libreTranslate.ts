/** LibreTranslate's API (`POST /translate`). Terms of the glossary travel as marks that a translator copies, and come back as written. */
import { z } from 'zod';
import { batchesOf, type GlossaryPair, TranslationError, type Translator } from './translator.ts';

export interface LibreTranslateOptions {
  baseUrl: string;
  apiKey: string | undefined;
  timeoutMs: number;
  fetch: typeof globalThis.fetch;
}

const answerSchema = z.object({ translatedText: z.array(z.string()) });

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const markOf = (index: number) => `XQ${index}QX`;

/** Puts marks in the place of terms, longest first. */
export function withMarks(
  text: string,
  glossary: readonly GlossaryPair[],
): { text: string; used: { mark: string; translation: string }[] } {
  const used: { mark: string; translation: string }[] = [];
  let marked = text;
  for (const { term, translation } of [...glossary].sort((a, b) => b.term.length - a.term.length)) {
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])${escaped(term)}(?![\\p{L}\\p{N}])`, 'giu');
    if (pattern.test(marked)) {
      const mark = markOf(used.length);
      marked = marked.replace(pattern, mark);
      used.push({ mark, translation });
    }
  }
  return { text: marked, used };
}

/** Puts the terms back; null when a mark did not come back. */
function withoutMarks(text: string, used: readonly { mark: string; translation: string }[]): string | null {
  let plain = text;
  for (const { mark, translation } of used) {
    const pattern = new RegExp(mark.split('').join('\\s?'), 'gi');
    if (!pattern.test(plain)) {
      return null;
    }
    plain = plain.replace(pattern, () => translation);
  }
  return plain;
}

async function refusal(response: Response): Promise<TranslationError> {
  const body = z.object({ error: z.string() }).safeParse(await response.json().catch(() => null));
  const said = body.success ? body.data.error.slice(0, 200).replace(/\.+$/, '') : '';
  const reason = said === '' ? '.' : `: ${said}.`;
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  if (response.status === 400 && /not supported|language/i.test(said)) {
    return new TranslationError('unknown_language', `LibreTranslate does not know this language${reason}`);
  }
  if (response.status === 429) {
    const extra = Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {};
    return new TranslationError('rate_limited', `LibreTranslate takes no more requests for the moment${reason}`, extra);
  }
  if (response.status >= 500) {
    return new TranslationError('unavailable', `LibreTranslate is not available (status ${response.status})${reason}`);
  }
  return new TranslationError('refused', `LibreTranslate refused the request (status ${response.status})${reason} Check its key.`);
}

/** Makes the translator that asks a LibreTranslate server. */
export function createLibreTranslator(options: LibreTranslateOptions): Translator {
  const url = `${options.baseUrl.replace(/\/+$/, '')}/translate`;
  const ask = async (q: readonly string[], source: string | null, target: string, signal: AbortSignal): Promise<string[]> => {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    try {
      const response = await options.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          q,
          source: source ?? 'auto',
          target,
          format: 'text',
          ...(options.apiKey === undefined ? {} : { api_key: options.apiKey }),
        }),
        signal: AbortSignal.any([signal, timeout]),
      });
      if (!response.ok) {
        throw await refusal(response);
      }
      const answer = answerSchema.safeParse(await response.json().catch(() => null));
      if (!answer.success || answer.data.translatedText.length !== q.length) {
        throw new TranslationError('half_answer', 'LibreTranslate’s answer was cut off or lacks sentences. It will be asked again.');
      }
      return answer.data.translatedText;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TranslationError) {
        throw error;
      }
      throw timeout.aborted
        ? new TranslationError('timeout', 'LibreTranslate did not answer in time. It will be asked again.', { cause: error })
        : new TranslationError('unavailable', 'LibreTranslate could not be reached. Check its address.', { cause: error });
    }
  };
  const primary = (language: string) => (/^zh-(hant|tw|hk)/i.test(language) ? 'zt' : (language.toLowerCase().split('-')[0] ?? language));
  return {
    engine: 'libretranslate',
    async translate({ texts, source, target, glossary, signal }) {
      const from = source === null || source === 'und' ? null : primary(source);
      const results: string[] = [];
      for (const batch of batchesOf(texts)) {
        const marked = batch.map((text) => withMarks(text, glossary));
        const answers = await ask(
          marked.map(({ text }) => text),
          from,
          primary(target),
          signal,
        );
        const restored = answers.map((text, i) => withoutMarks(text, marked[i]?.used ?? []));
        // A mark that got lost costs the term, never the sentence: it is asked for once more without marks.
        const lost = restored.flatMap((text, i) => (text === null ? [i] : []));
        const again =
          lost.length === 0
            ? []
            : await ask(
                lost.map((i) => batch[i] ?? ''),
                from,
                primary(target),
                signal,
              );
        results.push(...restored.map((text, i) => text ?? again[lost.indexOf(i)] ?? ''));
      }
      return results;
    },
  };
}
