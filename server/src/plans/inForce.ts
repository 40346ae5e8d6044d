import type { PlanFeature, PlanLimits, PlanOverrides, RetentionRule } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import type { PlanRow } from './model.ts';

/** What applies to a workspace. */
export interface InForce {
  retention: RetentionRule;
  limits: PlanLimits;
  features: PlanFeature[];
}

/** Joins a plan with what a workspace has otherwise; an override that is there wins. */
export function resolveInForce(plan: InForce, overrides: PlanOverrides | null): InForce {
  const limits = { ...plan.limits };
  for (const [name, value] of Object.entries(overrides?.limits ?? {}) as [keyof PlanLimits, number | null | undefined][]) {
    if (value !== undefined) {
      limits[name] = value;
    }
  }
  return { retention: overrides?.retention ?? plan.retention, limits, features: overrides?.features ?? plan.features };
}

/** The retention rule of a plan's row. */
export function ruleOf(plan: Pick<PlanRow, 'expiresAfterDays' | 'fixedStorageBytes'>): RetentionRule {
  return plan.expiresAfterDays === null
    ? { kind: 'fixed', storageBytes: plan.fixedStorageBytes ?? 0 }
    : { kind: 'expires', days: plan.expiresAfterDays };
}

/** The columns of a rule. */
export function columnsOf(rule: RetentionRule): { days: number | null; storageBytes: number | null } {
  return rule.kind === 'expires' ? { days: rule.days, storageBytes: null } : { days: null, storageBytes: rule.storageBytes };
}

/** Content of before a stricter rule keeps what the rule before gave it, for this long at most. */
export const graceSeconds = 14 * 24 * 3600;

/** The grace of a workspace. `days` is the rule before: null for no expiry. */
export interface Grace {
  from: Date | null;
  until: Date | null;
  days: number | null;
}

/**
 * The grace after a change of rule. A stricter rule starts one of 14 days; one that is running is never shortened, and of the two rules
 * before, the longer one counts.
 */
export function nextGrace(current: Grace, before: number | null, after: number | null, now: Date): Grace {
  const isStricter = after !== null && (before === null || after < before);
  if (!isStricter) {
    return current;
  }
  const until = addSeconds(now, graceSeconds);
  if (current.until === null || current.until <= now) {
    return { from: now, until, days: before };
  }
  return { from: now, until, days: current.days === null || before === null ? null : Math.max(current.days, before) };
}
