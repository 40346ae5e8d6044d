/** One part of an upload: bytes `startByte` up to, not including, `endByte`. */
export interface Part {
  partNumber: number;
  startByte: number;
  endByte: number;
}

/** Cuts a file into equal parts, the last of which may be shorter. */
export function planParts(upload: { sizeBytes: number; partSizeBytes: number; partCount: number }): Part[] {
  return Array.from({ length: upload.partCount }, (_, index) => ({
    partNumber: index + 1,
    startByte: index * upload.partSizeBytes,
    endByte: Math.min(upload.sizeBytes, (index + 1) * upload.partSizeBytes),
  }));
}

/** The parts that still have to be sent, in order. */
export function missingParts(parts: readonly Part[], storedNumbers: ReadonlySet<number>): Part[] {
  return parts.filter((part) => !storedNumbers.has(part.partNumber));
}

/** How many bytes the given parts hold. */
export function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.endByte - part.startByte, 0);
}
