import type { Env } from '../../core/env.ts';
import type { Party } from '../../egress/egress.ts';
import { moderationParty } from '../safety/moderation.ts';
import { deepgramParty, languageModelParty, libreTranslateParty } from './engines.ts';

/** The third parties that the environment switches on: nobody else is ever contacted. Keeps: T2. */
export function partiesOf(env: Env): Party[] {
  return [
    ...(env.CARMIC_DEEPGRAM_KEY === undefined ? [] : [{ name: deepgramParty, baseUrl: env.CARMIC_DEEPGRAM_URL }]),
    ...(env.CARMIC_LIBRETRANSLATE_URL === undefined ? [] : [{ name: libreTranslateParty, baseUrl: env.CARMIC_LIBRETRANSLATE_URL }]),
    ...(env.CARMIC_MODERATION_URL === undefined ? [] : [{ name: moderationParty, baseUrl: env.CARMIC_MODERATION_URL }]),
    ...(env.CARMIC_LLM_URL === undefined || env.CARMIC_LLM_MODEL === undefined
      ? []
      : [{ name: languageModelParty, baseUrl: env.CARMIC_LLM_URL }]),
  ];
}
