import type { Messages } from '../messages/en.ts';
import { numberFormat } from './intl.ts';

/** Writes a size in decimal units with at most three figures, as file managers do: `1.2 GB`. */
export function formatBytes(sizeBytes: number, t: Messages): string {
  let value = Math.max(0, sizeBytes);
  let unit = 0;
  while (value >= 999.5 && unit < t.units.bytes.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const text = numberFormat(t.locale, { maximumFractionDigits: digits }).format(value);
  return `${text} ${t.units.bytes[unit] ?? ''}`.trim();
}
