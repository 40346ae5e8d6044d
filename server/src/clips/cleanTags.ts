import { invalidInput } from '../core/errors.ts';

/** A person's tags as they are kept: without a leading #, each once whatever its case. Throws invalid_input for one that is none. */
export function cleanTags(tags: readonly string[]): string[] {
  const kept = new Map<string, string>();
  for (const written of tags) {
    if (written.includes(',')) {
      throw invalidInput('A tag has no comma: send two tags.');
    }
    const tag = written.normalize('NFC').replace(/^[#＃\s]+/u, '').replace(/[\s\p{Cc}]+/gu, ' ').trim();
    if (!/[\p{L}\p{N}]/u.test(tag)) {
      throw invalidInput('A tag has at least one letter or digit.');
    }
    const key = tag.normalize('NFKC').toLowerCase();
    kept.set(key, kept.get(key) ?? tag);
  }
  return [...kept.values()];
}
