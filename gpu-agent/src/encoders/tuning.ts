/**
 * Other settings for an encoder than its own, and what it says of the picture that came out.
 *
 * libx264 and libx265 compare their picture with the frames they are given while they encode (SSIM, Wang et al. 2004), which costs three to seven
 * percent of the encode; a comparison afterwards would need every frame once more. Encoders that cannot tell have no score, and are not tuned.
 */
import type { EncodingChoice, EncodingSettings, EncodingTry } from '@carmic/contract';
import type { EncoderProfile } from './profiles.ts';

const rateFlags = ['-crf', '-cq', '-qp', '-global_quality'];

/** Preset and rate in a profile's options. Throws for options without a rate: every profile has one. */
export function settingsOf({ name, encodeArgs }: EncoderProfile): EncodingSettings {
  const valueOf = (flag: string) => (encodeArgs.includes(flag) ? encodeArgs[encodeArgs.indexOf(flag) + 1] : undefined);
  const rate = Number(rateFlags.map(valueOf).find((value) => value !== undefined));
  if (!Number.isInteger(rate)) {
    throw new Error(`${name} has no rate.`);
  }
  return { preset: valueOf('-preset') ?? null, rate };
}

/** The same profile with another preset and rate. */
export function withSettings(profile: EncoderProfile, { preset, rate }: EncodingSettings): EncoderProfile {
  const encodeArgs = profile.encodeArgs.map((value, index) => {
    const flag = profile.encodeArgs[index - 1] ?? '';
    if (flag === '-preset') {
      return preset ?? value;
    }
    return rateFlags.includes(flag) ? String(rate) : value;
  });
  return { ...profile, encodeArgs };
}

/** The same profile, which also tells how similar its picture is, where the encoder can. */
export function withScore(profile: EncoderProfile): EncoderProfile {
  if (profile.name === 'libx264') {
    return { ...profile, encodeArgs: [...profile.encodeArgs, '-ssim', '1'] };
  }
  if (profile.name === 'libx265') {
    const encodeArgs = profile.encodeArgs.map((value) => (value === 'log-level=error' ? 'log-level=info:ssim=1' : value));
    return { ...profile, encodeArgs };
  }
  return profile;
}

/** The mean similarity that libx264 or libx265 told at its end; null when none did. */
export function readScore(stderr: string): number | null {
  const value = Number(/SSIM Mean Y:\s*([\d.]+)/.exec(stderr)?.[1] ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 && value <= 1 ? Number(value.toFixed(5)) : null;
}

/** How much finer the last resort is than the settings of the product: 4 is about a third less error and half as many bytes again. */
const lastResortSteps = 4;
const finestRate = 10;

/**
 * What to encode with, in order, until a clip reaches the target: the settings chosen, the encoder's own, something finer than both. Without a
 * target nothing is encoded twice.
 */
export function planTries(profile: EncoderProfile, choices: readonly EncodingChoice[], target: number | null): EncodingSettings[] {
  const own = settingsOf(profile);
  const choice = choices.find(({ encoder }) => encoder === profile.name);
  const first = choice === undefined ? own : { preset: own.preset === null ? null : (choice.preset ?? own.preset), rate: choice.rate };
  if (target === null) {
    return [first];
  }
  const isFiner = first.rate < own.rate;
  const isOwn = first.rate === own.rate && first.preset === own.preset;
  const last = { preset: own.preset, rate: Math.max(finestRate, Math.min(first.rate, own.rate) - lastResortSteps) };
  return [first, ...(isFiner || isOwn ? [] : [own]), ...(last.rate < Math.min(first.rate, own.rate) ? [last] : [])];
}

/** Whether a try is to be delivered: it reached the target, or nobody can say. */
export function isReached({ score }: Pick<EncodingTry, 'score'>, target: number | null): boolean {
  return target === null || score === null || score >= target;
}
