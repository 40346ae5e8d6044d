import type { MailLanguage } from '@carmic/contract';

/** An amount in the smallest unit, for sentences, in the currency's own form. */
export function formatAmount(amount: number, currency: string, language: MailLanguage = 'en'): string {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
