import {
  type SafetyCategory,
  type SafetyFinding,
  safetyFindingSchema,
  type SafetyRule,
  type SafetyVerdict,
  type Span,
  type VideoAction,
} from '@carmic/contract';
import type { z } from 'zod';

export type Outcome = SafetyVerdict['outcome'];

/** Where what stops a clip lies, and what it is. */
export const stopSchema = safetyFindingSchema.pick({ startSeconds: true, endSeconds: true, category: true });
export type Stop = z.infer<typeof stopSchema>;

export const categoryNames: Record<SafetyCategory, string> = {
  self_harm: 'self-harm',
  hate: 'hate',
  sexual: 'sexual content',
  dangerous: 'dangerous acts',
  violence: 'violence',
  profanity: 'profanity',
  harassment: 'harassment',
  pictures: 'nudity or sex in the picture',
};

const outcomes: Record<Exclude<VideoAction, 'off'>, Outcome> = { note: 'noted', hold: 'held', refuse: 'refused' };
const strength: readonly Outcome[] = ['clear', 'noted', 'held', 'refused'];

/** Seconds as people read them. */
export const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** What the rules make of findings. */
export interface Decision {
  outcome: Outcome;
  reason: string;
  /** Those that count, in order of time. */
  findings: SafetyFinding[];
  /** Spans that no clip may touch. */
  leaveOut: Span[];
  /** A clip that touches one of these waits for a person. */
  stops: Stop[];
}

/** Applies rules to what classifiers found: pure, so that the same findings under the same rules always decide the same. */
export function decide(found: readonly SafetyFinding[], rules: readonly SafetyRule[]): Decision {
  const ruleOf = (category: SafetyCategory) => rules.find((rule) => rule.category === category);
  const counting = found
    .filter(({ category, score }) => {
      const rule = ruleOf(category);
      return rule !== undefined && score >= rule.threshold && (rule.video !== 'off' || rule.clip !== 'note');
    })
    .sort((a, b) => a.startSeconds - b.startSeconds);
  let outcome: Outcome = 'clear';
  for (const { category } of counting) {
    const action = ruleOf(category)?.video ?? 'off';
    const next = action === 'off' ? 'clear' : outcomes[action];
    outcome = strength.indexOf(next) > strength.indexOf(outcome) ? next : outcome;
  }
  const leaveOut = counting
    .filter(({ category }) => ruleOf(category)?.clip === 'refuse')
    .map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds }));
  return { outcome, reason: reasonOf(outcome, counting, ruleOf), findings: counting, leaveOut, stops: stopsOf(counting, rules, false) };
}

/**
 * Findings that stop clips. `isLate`: the video has gone on already, or it is about a title, so that what would stop the video, or keep
 * a clip from being suggested, stops the clip too.
 */
export function stopsOf(findings: readonly SafetyFinding[], rules: readonly SafetyRule[], isLate: boolean): Stop[] {
  return findings
    .filter(({ category, score }) => {
      const rule = rules.find((each) => each.category === category);
      const stops = rule?.clip === 'hold' || (isLate && (rule?.clip === 'refuse' || rule?.video === 'hold' || rule?.video === 'refuse'));
      return rule !== undefined && score >= rule.threshold && stops;
    })
    .map(({ startSeconds, endSeconds, category }) => ({ startSeconds, endSeconds, category }));
}

function reasonOf(
  outcome: Outcome,
  findings: readonly SafetyFinding[],
  ruleOf: (category: SafetyCategory) => SafetyRule | undefined,
): string {
  if (outcome === 'clear') {
    return 'Nothing was found that the rules speak of.';
  }
  const deciding = findings.filter(({ category }) => {
    const action = ruleOf(category)?.video ?? 'off';
    return action !== 'off' && outcomes[action] === outcome;
  });
  const categories = [...new Set(deciding.map(({ category }) => categoryNames[category]))].join(', ');
  const times = deciding.slice(0, 3).map(({ startSeconds }) => clock(startSeconds));
  const more = deciding.length > times.length ? ` and ${deciding.length - times.length} more` : '';
  const what = { noted: 'Noted', held: 'Held for a review by a person', refused: 'Refused' }[outcome];
  return `${what}: ${categories}, at ${times.join(', ')}${more}.`;
}
