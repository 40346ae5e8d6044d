/** FNV-1a, 32 bits, over the UTF-8 bytes of a text: how shipped tables name words without holding them. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

/** Place of a value in a sorted table, -1 when it is not there. */
export function placeOf(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle] ?? 0;
    if (found === value) {
      return middle;
    }
    if (found < value) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return -1;
}
