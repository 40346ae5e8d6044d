import type { RetentionRule } from '@carmic/contract';
import { formatBytes } from '../format/formatBytes.ts';
import type { Messages } from '../messages/en.ts';

/** How long a plan keeps content, in words. */
export const ruleText = (rule: RetentionRule, t: Messages): string =>
  rule.kind === 'expires' ? t.plans.expiresAfter(rule.days) : t.plans.fixed(formatBytes(rule.storageBytes, t));
