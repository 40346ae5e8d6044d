import { createHash } from 'node:crypto';

const mebibyte = 1024 * 1024;
const smallestPartBytes = 8 * mebibyte;
const maxPartCount = 10_000;

/**
 * Chooses equal parts for an upload that every driver takes: at least 8 MiB (S3 wants 5 MiB), a multiple of 1 MiB, at most 10,000. Up to
 * about 1.25 GB the parts are 8 MiB; larger uploads get larger parts, so that their number stays near 160.
 */
export function planParts(sizeBytes: number): { partSizeBytes: number; partCount: number } {
  const wanted = Math.min(64 * mebibyte, sizeBytes / 160);
  const needed = sizeBytes / maxPartCount;
  const partSizeBytes = Math.max(smallestPartBytes, Math.ceil(Math.max(wanted, needed) / mebibyte) * mebibyte);
  return { partSizeBytes, partCount: Math.max(1, Math.ceil(sizeBytes / partSizeBytes)) };
}

/** SHA-256 over the binary digests of the parts in order: what a multipart object's `sha256` is. */
export function compositeSha256(partDigests: readonly string[]): string {
  const hash = createHash('sha256');
  for (const digest of partDigests) {
    hash.update(digest, 'hex');
  }
  return hash.digest('hex');
}
