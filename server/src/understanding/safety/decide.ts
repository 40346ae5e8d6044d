import type { SafetyCategory, SafetyFinding, SafetyRule, SafetyVerdict, Span, VideoAction } from '@carmic/contract';

export type Outcome = SafetyVerdict['outcome'];

const names: Record<SafetyCategory, string> = {
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

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** What the rules make of findings. */
export interface Decision {
  outcome: Outcome;
  reason: string;
  /** Those that count, in order of time. */
  findings: SafetyFinding[];
  /** Spans that no clip may touch. */
  leaveOut: Span[];
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
  return { outcome, reason: reasonOf(outcome, counting, ruleOf), findings: counting, leaveOut };
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
  const categories = [...new Set(deciding.map(({ category }) => names[category]))].join(', ');
  const times = deciding.slice(0, 3).map(({ startSeconds }) => clock(startSeconds));
  const more = deciding.length > times.length ? ` and ${deciding.length - times.length} more` : '';
  const what = { noted: 'Noted', held: 'Held for a review by a person', refused: 'Refused' }[outcome];
  return `${what}: ${categories}, at ${times.join(', ')}${more}.`;
}
