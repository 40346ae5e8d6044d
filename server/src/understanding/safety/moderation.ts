/** A moderation endpoint: `POST {base}/moderations`, as OpenAI and what imitates it answer it. */
import type { SafetyCategory, SafetyFinding } from '@carmic/contract';
import { z } from 'zod';
import type { Passage } from './passages.ts';
import { judgeText } from './policy.ts';
import { leastScore, type TextJudge } from './textJudges.ts';

export const moderationParty = 'moderation';

/** Passages of one request. */
const batchSize = 32;
const retryWaitsMs = [500, 2000];

/** The endpoint gave no usable answer; the next engine of the order judges instead. */
export class ModerationError extends Error {
  override readonly name = 'ModerationError';
}

const answerSchema = z.object({
  results: z.array(z.object({ categories: z.record(z.string(), z.boolean()), category_scores: z.record(z.string(), z.number()) })),
});
type Result = z.infer<typeof answerSchema>['results'][number];

/** Its categories in ours; a part after a slash belongs to what stands before it. */
const ours: Readonly<Record<string, SafetyCategory>> = {
  hate: 'hate',
  harassment: 'harassment',
  'self-harm': 'self_harm',
  sexual: 'sexual',
  violence: 'violence',
  illicit: 'dangerous',
};

/** The best score of each of our categories. What the endpoint itself flags reaches 0.5, the middle of our scale, at least. */
function scoresOf({ categories, category_scores: scores }: Result): Map<SafetyCategory, number> {
  const best = new Map<SafetyCategory, number>();
  for (const [name, raw] of Object.entries(scores)) {
    const category = ours[name.split('/')[0] ?? ''];
    if (category !== undefined) {
      const score = Math.min(1, Math.max(raw, categories[name] === true ? 0.5 : 0));
      best.set(category, Math.max(best.get(category) ?? 0, score));
    }
  }
  return best;
}

export interface ModerationOptions {
  /** Up to and including the version, for example `https://moderation.example/v1`. */
  baseUrl: string;
  model: string | undefined;
  apiKey: string | undefined;
  timeoutMs: number;
  fetch: typeof globalThis.fetch;
}

async function askOnce(options: ModerationOptions, input: readonly string[]): Promise<Response> {
  const { baseUrl, model, apiKey, timeoutMs } = options;
  return options.fetch(`${baseUrl.replace(/\/+$/, '')}/moderations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify({ ...(model === undefined ? {} : { model }), input }),
    signal: AbortSignal.timeout(timeoutMs),
  });
}

async function ask(options: ModerationOptions, input: readonly string[]): Promise<Result[]> {
  for (let attempt = 0; ; attempt += 1) {
    let response: Response;
    try {
      response = await askOnce(options, input);
    } catch (error) {
      throw new ModerationError('The moderation endpoint could not be reached, or was too slow.', { cause: error });
    }
    const waitMs = retryWaitsMs[attempt];
    if ((response.status === 429 || response.status >= 500) && waitMs !== undefined) {
      await response.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      continue;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new ModerationError(`The moderation endpoint refused (status ${response.status}). Check its address, key and model.`);
    }
    const answer = answerSchema.safeParse(await response.json().catch(() => null));
    if (!answer.success || answer.data.results.length !== input.length) {
      throw new ModerationError('The moderation endpoint answered something else than one result per passage.');
    }
    return answer.data.results;
  }
}

/** Makes the judge. Profanity, which such endpoints do not know, is judged by the built-in classifier. */
export function createModerationJudge(options: ModerationOptions): TextJudge {
  return {
    engine: moderationParty,
    async judge(passages) {
      const findings: SafetyFinding[] = [];
      for (let from = 0; from < passages.length; from += batchSize) {
        const batch = passages.slice(from, from + batchSize);
        const results = await ask(
          options,
          batch.map(({ text }) => text),
        );
        batch.forEach((passage, i) => findings.push(...findingsOf(passage, results[i])));
      }
      return findings;
    },
  };
}

function findingsOf({ startSeconds, endSeconds, text }: Passage, result: Result | undefined): SafetyFinding[] {
  const scores = result === undefined ? new Map<SafetyCategory, number>() : scoresOf(result);
  const own = judgeText(text);
  if (own.category === 'profanity') {
    scores.set('profanity', own.score);
  }
  return [...scores]
    .filter(([, score]) => score >= leastScore)
    .map(([category, score]) => ({ startSeconds, endSeconds, category, score, excerpt: text }));
}
