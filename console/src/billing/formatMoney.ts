/** Writes an amount in the smallest unit of its currency: `€19.00`, `¥1,900`. */
export function formatMoney(amount: number, currency: string, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

const cardBrands: Readonly<Record<string, string>> = {
  amex: 'American Express',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
};

/** Writes the brand of a card, which Stripe names `visa` or `amex`. */
export function formatBrand(brand: string): string {
  return cardBrands[brand] ?? brand.charAt(0).toUpperCase() + brand.slice(1);
}

/** Writes a day (UTC) of a month that is told beside it: `3 Mar`. */
export function formatShortDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(iso));
}

/** Writes a day: `3 March 2026`. */
export function formatDay(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(iso));
}
