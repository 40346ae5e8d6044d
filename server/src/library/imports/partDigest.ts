import { createHash, type Hash } from 'node:crypto';
import { compositeSha256, planParts } from '../../storage/planParts.ts';

/** Digests bytes as an upload of a file of `sizeBytes` would, in the same parts, so that the same file is known again. */
export function createPartDigest(sizeBytes: number): { update(bytes: Buffer): void; digest(): string } {
  const { partSizeBytes } = planParts(sizeBytes);
  const digests: string[] = [];
  let hash: Hash = createHash('sha256');
  let filled = 0;
  const close = () => {
    digests.push(hash.digest('hex'));
    hash = createHash('sha256');
    filled = 0;
  };
  return {
    update(bytes) {
      for (let rest = bytes; rest.length > 0;) {
        const piece = rest.subarray(0, partSizeBytes - filled);
        hash.update(piece);
        filled += piece.length;
        rest = rest.subarray(piece.length);
        if (filled === partSizeBytes) {
          close();
        }
      }
    },
    digest() {
      if (filled > 0 || digests.length === 0) {
        close();
      }
      return compositeSha256(digests);
    },
  };
}
