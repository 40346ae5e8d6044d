/** Who judges what is said: the built-in classifier, or an endpoint that speaks the protocol of OpenAI's moderation. */
import type { SafetyFinding } from '@carmic/contract';
import type { Passage } from './passages.ts';
import { judgeText } from './policy.ts';

export interface TextJudge {
  readonly engine: string;
  /** Judges passages; throws ModerationError when nothing can be said of them. */
  judge(passages: readonly Passage[], language: string | null): Promise<SafetyFinding[]>;
}

/** Scores below this are not kept: no rule goes lower. */
export const leastScore = 0.05;

export const builtInEngine = 'built-in';

const isEnglish = (language: string | null) => language === null || /^en(-|$)/i.test(language);

/** The classifier of this installation. It reads English only, and says nothing of other languages. */
export const builtInJudge: TextJudge = {
  engine: builtInEngine,
  async judge(passages, language) {
    if (!isEnglish(language)) {
      return [];
    }
    return passages.flatMap(({ startSeconds, endSeconds, text }) => {
      const { score, category } = judgeText(text);
      return score < leastScore ? [] : [{ startSeconds, endSeconds, category, score, excerpt: text }];
    });
  },
};
