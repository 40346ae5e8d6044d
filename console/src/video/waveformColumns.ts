/**
 * Draws peaks together into columns, the loudest of each winning, and lifts quiet material so that speech fills the strip. Answers
 * heights between 0 and 1.
 */
export function waveformColumns(peaks: readonly number[], columnCount: number): number[] {
  if (peaks.length === 0 || columnCount <= 0) {
    return [];
  }
  const columns = Array.from({ length: columnCount }, (_, column) => {
    const from = Math.floor((column * peaks.length) / columnCount);
    const to = Math.max(from + 1, Math.floor(((column + 1) * peaks.length) / columnCount));
    let loudest = 0;
    for (let index = from; index < to; index += 1) {
      loudest = Math.max(loudest, peaks[index] ?? 0);
    }
    return loudest;
  });
  const top = Math.max(...columns, 0.05);
  return columns.map((value) => Math.sqrt(value / top));
}
