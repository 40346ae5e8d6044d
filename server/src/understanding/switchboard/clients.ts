import type { Deps } from '../../deps.ts';
import { createLanguageModel, type LanguageModel } from '../languageModel/languageModel.ts';
import { createLibreTranslator } from '../translation/libreTranslate.ts';
import { createModelTranslator } from '../translation/modelTranslator.ts';
import type { Translator } from '../translation/translator.ts';
import { createModerationJudge, moderationParty } from '../safety/moderation.ts';
import { builtInEngine, builtInJudge, type TextJudge } from '../safety/textJudges.ts';
import { languageModelParty, libreTranslateParty } from './engines.ts';

const second = 1000;

/** The operator's language model, or null when none is set. */
export function openLanguageModel(deps: Deps): LanguageModel | null {
  const { CARMIC_LLM_URL: baseUrl, CARMIC_LLM_MODEL: model, CARMIC_LLM_KEY: apiKey, CARMIC_LLM_TIMEOUT_SECONDS: timeoutSeconds } = deps.env;
  if (baseUrl === undefined || model === undefined) {
    return null;
  }
  return createLanguageModel({
    baseUrl,
    apiKey,
    model,
    timeoutMs: timeoutSeconds * second,
    fetch: deps.egress.fetchFor(languageModelParty),
  });
}

/** The translator of this name, or null when it is not set up. */
export function openTranslator(deps: Deps, engine: string): Translator | null {
  const { env } = deps;
  if (engine === libreTranslateParty && env.CARMIC_LIBRETRANSLATE_URL !== undefined) {
    return createLibreTranslator({
      baseUrl: env.CARMIC_LIBRETRANSLATE_URL,
      apiKey: env.CARMIC_LIBRETRANSLATE_KEY,
      timeoutMs: env.CARMIC_LLM_TIMEOUT_SECONDS * second,
      fetch: deps.egress.fetchFor(libreTranslateParty),
    });
  }
  const model = engine === languageModelParty ? openLanguageModel(deps) : null;
  return model === null ? null : createModelTranslator(model);
}

/** The judge of what is said of this name, or null when it is not set up. */
export function openTextJudge(deps: Deps, engine: string): TextJudge | null {
  const { CARMIC_MODERATION_URL: baseUrl, CARMIC_MODERATION_MODEL: model, CARMIC_MODERATION_KEY: apiKey } = deps.env;
  if (engine === moderationParty && baseUrl !== undefined) {
    const timeoutMs = deps.env.CARMIC_LLM_TIMEOUT_SECONDS * second;
    return createModerationJudge({ baseUrl, model, apiKey, timeoutMs, fetch: deps.egress.fetchFor(moderationParty) });
  }
  return engine === builtInEngine ? builtInJudge : null;
}
