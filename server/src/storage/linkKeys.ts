/**
 * The keys of signed URLs, by version: each derives from the key of columns of the same version, so that replacing that one replaces these. A former one
 * signs nothing, and opens only what it may still have signed: until the longest URL of it has ended. Keeps: S4.
 */
import type { Clock } from '../core/clock.ts';
import { deriveKey, firstColumnKey } from '../core/crypto.ts';
import type { ColumnRing } from '../keyring/columnKeys.ts';

/** No URL lives longer. */
export const longestUrlSeconds = 3600;
/** How long a process that had not read the newer key yet may have signed under the former one. */
const lateSeconds = 60;

/** Keys to sign with and to check with. */
export interface LinkKeys {
  writing(): { version: number; key: Uint8Array };
  /** Undefined for a version that is not known here, or that counts no more. */
  opening(version: number): Uint8Array | undefined;
}

/** The keys of an installation; without `columnKeys` the one that derives from its secret. */
export function createLinkKeys(options: {
  secret: Uint8Array;
  columnKeys?: Pick<ColumnRing, 'writing' | 'opening' | 'replacedAt'> | undefined;
  clock: Clock;
}): LinkKeys {
  const { secret, columnKeys, clock } = options;
  const made = new Map<number, Uint8Array>([[firstColumnKey, deriveKey(secret, 'storage/urls')]]);
  const keyOf = (version: number): Uint8Array | undefined => {
    const from = made.has(version) ? undefined : columnKeys?.opening(version);
    if (from !== undefined) {
      made.set(version, deriveKey(from, 'storage/urls'));
    }
    return made.get(version);
  };
  return {
    writing() {
      const version = columnKeys?.writing().version ?? firstColumnKey;
      const key = keyOf(version);
      if (key === undefined) {
        throw new Error(`Key ${version} of links is written with and not known.`);
      }
      return { version, key };
    },
    opening(version) {
      const replacedAt = columnKeys?.replacedAt(version) ?? null;
      const isOver = replacedAt !== null && clock.now().getTime() >= replacedAt.getTime() + (longestUrlSeconds + lateSeconds) * 1000;
      return isOver ? undefined : keyOf(version);
    },
  };
}
