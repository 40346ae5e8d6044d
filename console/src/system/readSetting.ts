import type { Setting } from '@carmic/contract';
import { formatBytes } from '../format/formatBytes.ts';
import { numberFormat } from '../format/intl.ts';
import type { Messages } from '../messages/en.ts';

/** Units of time by their length in seconds, longest first. */
const spans = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** `15 minutes`, `1.5 hours`, `20 seconds`: the longest unit in which the length needs no more than one digit behind the point. */
function readSeconds(seconds: number, { locale }: Messages): string {
  const [unit, length] = spans.find(([, each]) => seconds >= each && Number.isInteger((seconds * 10) / each)) ?? ['second', 1];
  return numberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 3 }).format(seconds / length);
}

/**
 * The value of a setting as people read it, by the unit that its name ends in: `20 GB` for 20000000000 bytes. Null where there is no unit, and
 * where the text is no number that could be entered.
 */
export function readSetting(name: Setting['name'], value: string, t: Messages): string | null {
  const text = value.trim();
  const amount = Number(text);
  const unit = /_(BYTES|SECONDS|MS|DAYS|PIXELS)$/.exec(name)?.[1];
  if (unit === undefined || text === '' || !Number.isFinite(amount) || amount < 0) {
    return null;
  }
  switch (unit) {
    case 'BYTES':
      return formatBytes(amount, t);
    case 'PIXELS':
      return t.settings.megapixels(amount / 1e6);
    case 'DAYS':
      return readSeconds(amount * 86_400, t);
    default:
      return readSeconds(unit === 'MS' ? amount / 1000 : amount, t);
  }
}
