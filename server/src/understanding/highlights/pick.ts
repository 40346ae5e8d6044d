import type { Window } from './windows.ts';

/** Share of content tokens two windows have in common: clips that tell the same thing repeat each other. */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let common = 0;
  for (const token of small) {
    common += large.has(token) ? 1 : 0;
  }
  return small.size === 0 ? 0 : common / Math.sqrt(small.size * large.size);
}

const tooSimilar = 0.6;

/** Picks the windows with the most points that neither overlap nor repeat each other, best first. */
export function pickWindows(
  windows: readonly Window[],
  points: Float64Array,
  count: number,
  contentOf: (window: Window) => ReadonlySet<string>,
): number[] {
  const order = [...windows.keys()].sort((a, b) => (points[b] ?? 0) - (points[a] ?? 0) || a - b);
  const picked: { index: number; window: Window; content: ReadonlySet<string> }[] = [];
  for (const index of order) {
    const window = windows[index];
    if (picked.length >= count || window === undefined) {
      break;
    }
    if (picked.some((other) => window.first <= other.window.last && window.last >= other.window.first)) {
      continue;
    }
    const content = contentOf(window);
    if (!picked.some((other) => similarity(content, other.content) > tooSimilar)) {
      picked.push({ index, window, content });
    }
  }
  return picked.map(({ index }) => index);
}
