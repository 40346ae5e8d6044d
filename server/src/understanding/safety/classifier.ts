/**
 * How likely a short text breaks the rules: a linear model over hashed words, word pairs and triples, and runs of letters, plus a second
 * linear model over single words. Only numbers are shipped, no text: how they were learned, and from what, is in docs/safety.md.
 */
import { readFileSync } from 'node:fs';
import { fnv1a, placeOf } from '../hash.ts';
import { plainWords } from './normalize.ts';
import { commonWords } from './commonWords.ts';

interface Model {
  bucketCount: number;
  scale: number;
  bias: number;
  wordModelWeight: number;
  wordScale: number;
  wordBias: number;
  weights: Int8Array;
  hashes: Uint32Array;
  rarities: Float64Array;
  wordWeights: Float64Array;
}

function readModel(): Model {
  const file = readFileSync(new URL('./weights.bin', import.meta.url));
  const bucketCount = file.readUInt32LE(0);
  const wordCount = file.readUInt32LE(4);
  const weightsAt = 28;
  const hashesAt = weightsAt + bucketCount;
  const raritiesAt = hashesAt + 4 * wordCount;
  const wordsAt = raritiesAt + 2 * wordCount;
  const wordScale = file.readFloatLE(20);
  return {
    bucketCount,
    scale: file.readFloatLE(8),
    bias: file.readFloatLE(12),
    wordModelWeight: file.readFloatLE(16),
    wordScale,
    wordBias: file.readFloatLE(24),
    weights: new Int8Array(file.buffer, file.byteOffset + weightsAt, bucketCount),
    hashes: Uint32Array.from({ length: wordCount }, (_, i) => file.readUInt32LE(hashesAt + 4 * i)),
    rarities: Float64Array.from({ length: wordCount }, (_, i) => file.readUInt16LE(raritiesAt + 2 * i) / 4000),
    wordWeights: Float64Array.from({ length: wordCount }, (_, i) => file.readInt16LE(wordsAt + 2 * i) * wordScale),
  };
}

const model = readModel();
const letterShare = 0.7;

function wordPatterns(words: readonly string[]): Set<string> {
  const framed = ['<', ...words, '>'];
  const found = new Set<string>();
  for (let n = 1; n <= 3; n += 1) {
    for (let i = 0; i + n <= framed.length; i += 1) {
      found.add(`w${n}:${framed.slice(i, i + n).join(' ')}`);
    }
  }
  for (let i = 0; i + 2 < framed.length; i += 1) {
    found.add(`s:${framed[i] ?? ''} ${framed[i + 2] ?? ''}`);
  }
  return found;
}

function letterPatterns(words: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const word of new Set(words)) {
    const letters = [...`^${word}$`];
    for (let n = 3; n <= 5; n += 1) {
      for (let i = 0; i + n <= letters.length; i += 1) {
        found.add(`c:${letters.slice(i, i + n).join('')}`);
      }
    }
  }
  return found;
}

/** Mean-like sum of the weights of patterns: each bucket once, divided by the root of their number. */
function sumOf(patterns: ReadonlySet<string>): number {
  const buckets = new Set<number>();
  for (const pattern of patterns) {
    buckets.add(fnv1a(pattern) % model.bucketCount);
  }
  let sum = 0;
  for (const bucket of buckets) {
    sum += (model.weights[bucket] ?? 0) * model.scale;
  }
  return buckets.size === 0 ? 0 : sum / Math.sqrt(buckets.size);
}

/** The single-word model: weights of words by their rarity, over the length of the text's vector. */
function wordScore(text: string): number {
  const counts = new Map<number, number>();
  for (const word of text.match(/[\p{L}\p{N}_]{2,}/gu) ?? []) {
    const at = commonWords.has(word) ? -1 : placeOf(model.hashes, fnv1a(word));
    if (at >= 0) {
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
  }
  let dot = 0;
  let squares = 0;
  for (const [at, count] of counts) {
    const value = count * (model.rarities[at] ?? 0);
    dot += value * (model.wordWeights[at] ?? 0);
    squares += value * value;
  }
  return model.wordBias + (squares === 0 ? 0 : dot / Math.sqrt(squares));
}

/** Evidence that a text breaks the rules, in units of log odds: above 0 it is flagged at the default threshold. */
export function textLogit(text: string): number {
  const words = plainWords(text);
  if (words.length === 0) {
    return Number.NEGATIVE_INFINITY;
  }
  return (
    model.bias +
    sumOf(wordPatterns(words)) +
    letterShare * sumOf(letterPatterns(words)) +
    model.wordModelWeight * wordScore(words.join(' '))
  );
}

/** The same as a score of 0 to 1: 0.5 is the default threshold. */
export function textScore(text: string): number {
  return 1 / (1 + Math.exp(-textLogit(text)));
}
