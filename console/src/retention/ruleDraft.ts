import type { PlanFeature, PlanLimits, RetentionRule } from '@carmic/contract';

/** A retention rule and limits as they are typed in; empty text is no limit. */
export interface RuleDraft {
  kind: 'expires' | 'fixed';
  days: string;
  gigabytes: string;
  processingMinutes: string;
  parallelTasks: string;
  uploadGigabytes: string;
  durationMinutes: string;
  members: string;
  features: PlanFeature[];
}

const shown = (value: number | null | undefined, unit = 1) =>
  value === null || value === undefined ? '' : String(Number((value / unit).toFixed(3)));

/** What the form starts with. */
export function draftOf(
  rule: RetentionRule,
  limits: { [K in keyof PlanLimits]?: PlanLimits[K] | undefined },
  features: readonly PlanFeature[],
): RuleDraft {
  return {
    kind: rule.kind,
    days: rule.kind === 'expires' ? shown(rule.days) : '29',
    gigabytes: rule.kind === 'fixed' ? shown(rule.storageBytes, 1e9) : '100',
    processingMinutes: shown(limits.processingMinutes),
    parallelTasks: shown(limits.parallelTasks),
    uploadGigabytes: shown(limits.uploadBytes, 1e9),
    durationMinutes: shown(limits.durationSeconds, 60),
    members: shown(limits.members),
    features: [...features],
  };
}

/** A number above zero, null for empty text, undefined for anything else. */
function numberIn(text: string, unit = 1): number | null | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') {
    return null;
  }
  const value = Math.round(Number(trimmed) * unit);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** The rule and limits that were typed in; null while something in them is no number. */
export function readDraft(
  draft: RuleDraft,
): { retention: RetentionRule; limits: Omit<PlanLimits, 'framePixels'>; features: PlanFeature[] } | null {
  const days = Number(draft.days.trim().replace(',', '.'));
  const storageBytes = numberIn(draft.gigabytes, 1e9);
  const limits = {
    processingMinutes: numberIn(draft.processingMinutes),
    parallelTasks: numberIn(draft.parallelTasks),
    uploadBytes: numberIn(draft.uploadGigabytes, 1e9),
    durationSeconds: numberIn(draft.durationMinutes, 60),
    members: numberIn(draft.members),
  };
  const { processingMinutes, parallelTasks, uploadBytes, durationSeconds, members } = limits;
  if (
    processingMinutes === undefined ||
    parallelTasks === undefined ||
    uploadBytes === undefined ||
    durationSeconds === undefined ||
    members === undefined
  ) {
    return null;
  }
  const read = { processingMinutes, parallelTasks, uploadBytes, durationSeconds, members };
  const { features } = draft;
  if (draft.kind === 'expires') {
    return Number.isFinite(days) && days > 0 && days <= 36_500 ? { retention: { kind: 'expires', days }, limits: read, features } : null;
  }
  return typeof storageBytes === 'number' ? { retention: { kind: 'fixed', storageBytes }, limits: read, features } : null;
}
