import type { Messages } from '../messages/en.ts';
import { dateFormat, relativeFormat } from './intl.ts';

/** Writes a position on a time line: `0:07`, `12:40`, `1:02:03`; with tenths, `0:07.4`. */
export function formatClock(totalSeconds: number, hasTenths = false): string {
  const safe = Number.isFinite(totalSeconds) ? Math.max(0, totalSeconds) : 0;
  const tenths = Math.round(safe * 10);
  const whole = hasTenths ? Math.floor(tenths / 10) : Math.floor(safe);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const seconds = String(whole % 60).padStart(2, '0');
  const head = hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}` : String(minutes);
  return hasTenths ? `${head}:${seconds}.${tenths % 10}` : `${head}:${seconds}`;
}

/** Reads a position as people write it: `90`, `1:30`, `1:02:03`, with tenths too; null where it is none. */
export function parseClock(text: string): number | null {
  const match = /^(?:(?:(\d+):)?(\d{1,3}):)?(\d{1,6}(?:[.,]\d+)?)$/.exec(text.trim());
  if (!match) {
    return null;
  }
  const [hours, minutes, seconds] = [Number(match[1] ?? 0), Number(match[2] ?? 0), Number((match[3] ?? '').replace(',', '.'))];
  const isOver = (match[2] !== undefined && seconds >= 60) || (match[1] !== undefined && minutes >= 60);
  return isOver ? null : hours * 3600 + minutes * 60 + seconds;
}

/** Writes a length of time in words, coarser as it grows: `8 s`, `12 min`, `1 h 5 min`. */
export function formatSpan(totalSeconds: number, t: Messages): string {
  const seconds = Math.max(0, Math.round(totalSeconds));
  if (seconds < 60) {
    return t.units.seconds(seconds);
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return t.units.minutes(minutes);
  }
  return t.units.hoursMinutes(Math.floor(minutes / 60), minutes % 60);
}

/** Writes an estimate of what is left: steps of five seconds under a minute, so that it does not flicker. */
export function formatLeft(totalSeconds: number, t: Messages): string {
  if (totalSeconds < 60) {
    return t.units.seconds(Math.max(5, Math.ceil(totalSeconds / 5) * 5));
  }
  return formatSpan(totalSeconds, t);
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** Writes a time relative to now: `3 minutes ago`, `in 2 days`, `just now`. */
export function formatAgo(iso: string, nowMs: number, t: Messages): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  if (Math.abs(seconds) < 45) {
    return t.units.justNow;
  }
  const relative = relativeFormat(t.locale, { numeric: 'auto' });
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length * 0.95) {
      return relative.format(Math.round(seconds / length), unit);
    }
  }
  return relative.format(Math.round(seconds / 60), 'minute');
}

/** Writes a date and time in the reader's own zone. */
export function formatDate(iso: string, t: Messages): string {
  return dateFormat(t.locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

/** Writes a date in the reader's own zone. */
export function formatDay(iso: string, t: Messages): string {
  return dateFormat(t.locale, { dateStyle: 'medium' }).format(new Date(iso));
}
