/**
 * The shape of a stored file: a header of 512 bytes, then one record per chunk of 1 MiB plain text. Keeps: S1.
 *
 *   header   see header.ts
 *   record   nonce (12) | cipher text (up to 1 MiB) | GCM tag (16)
 *
 * Records have a fixed stride, so that any byte is found by arithmetic and parts of an upload are written to their final place. Every
 * record but the last is full; an empty object has one empty record. A file's length therefore says the object's size, and the header,
 * which is authenticated, must say the same.
 */

export const headerBytes = 512;
export const chunkBytes = 1024 * 1024;
export const nonceBytes = 12;
export const tagBytes = 16;
export const recordBytes = nonceBytes + chunkBytes + tagBytes;

const overheadBytes = nonceBytes + tagBytes;

/** How many chunks an object of this size has; an empty one has one empty chunk. */
export function chunkCount(sizeBytes: number): number {
  return Math.max(1, Math.ceil(sizeBytes / chunkBytes));
}

/** Size of the plain text of chunk `index`. */
export function chunkSize(sizeBytes: number, index: number): number {
  return Math.min(chunkBytes, sizeBytes - index * chunkBytes);
}

/** Where in the file the record of chunk `index` starts. */
export function recordOffset(index: number): number {
  return headerBytes + index * recordBytes;
}

/** Length of the file that holds an object of this size. */
export function fileSize(sizeBytes: number): number {
  return headerBytes + sizeBytes + chunkCount(sizeBytes) * overheadBytes;
}

/** Size of the object in a file of this length; null when no object has such a file. */
export function sizeInFile(fileBytes: number): number | null {
  const recordsBytes = fileBytes - headerBytes;
  const sizeBytes = recordsBytes - Math.ceil(recordsBytes / recordBytes) * overheadBytes;
  return sizeBytes >= 0 && fileSize(sizeBytes) === fileBytes ? sizeBytes : null;
}
