/**
 * Writes a ZIP file as a stream, entries stored as they are: pictures and sound do not get smaller.
 *
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3. Sizes are known beforehand; sums follow each entry (flag 3), names are UTF-8
 * (flag 11). An archive that would pass 4 GiB or 65,535 entries is written with the 64-bit records of ZIP64.
 */
import { crc32 } from 'node:zlib';

export interface ZipEntry {
  name: string;
  sizeBytes: number;
  modifiedAt: Date;
  open(): Promise<AsyncIterable<Buffer>>;
}

const limitBytes = 0xffffffff;
const limitEntries = 0xffff;

function sizeOf(entries: readonly ZipEntry[], isLarge: boolean): number {
  const names = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.name) * 2, 0);
  const perEntry = 30 + 16 + 46 + (isLarge ? 20 + 8 + 28 : 0);
  return entries.reduce((sum, entry) => sum + entry.sizeBytes, 0) + entries.length * perEntry + names + 22 + (isLarge ? 56 + 20 : 0);
}

const needsLarge = (entries: readonly ZipEntry[]): boolean => sizeOf(entries, false) > limitBytes || entries.length > limitEntries;

/** The exact size of the archive. */
export function zipSize(entries: readonly ZipEntry[], isLarge = needsLarge(entries)): number {
  return sizeOf(entries, isLarge);
}

/** Yields the archive; `isLarge` chooses ZIP64, which is needed above 4 GiB only. */
export async function* writeZip(entries: readonly ZipEntry[], isLarge = needsLarge(entries)): AsyncGenerator<Buffer> {
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const head = localHeader(entry, name, isLarge);
    yield head;
    let sum = 0;
    let sizeBytes = 0;
    for await (const chunk of await entry.open()) {
      sum = crc32(chunk, sum);
      sizeBytes += chunk.length;
      yield chunk;
    }
    if (sizeBytes !== entry.sizeBytes) {
      throw new Error(`${entry.name} has ${sizeBytes} bytes and not ${entry.sizeBytes}.`);
    }
    const descriptor = dataDescriptor(sum, sizeBytes, isLarge);
    yield descriptor;
    directory.push(directoryHeader(head, name, { sum, sizeBytes, offset, isLarge }));
    offset += head.length + sizeBytes + descriptor.length;
  }
  const all = Buffer.concat(directory);
  yield all;
  yield endRecord(entries.length, all.length, offset, isLarge);
}

function localHeader({ modifiedAt }: ZipEntry, name: Buffer, isLarge: boolean): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(isLarge ? 45 : 20, 4);
  head.writeUInt16LE(0x0808, 6);
  const year = Math.max(1980, modifiedAt.getUTCFullYear()) - 1980;
  head.writeUInt16LE((modifiedAt.getUTCHours() << 11) | (modifiedAt.getUTCMinutes() << 5) | (modifiedAt.getUTCSeconds() >> 1), 10);
  head.writeUInt16LE((year << 9) | ((modifiedAt.getUTCMonth() + 1) << 5) | modifiedAt.getUTCDate(), 12);
  head.writeUInt16LE(name.length, 26);
  if (!isLarge) {
    return Buffer.concat([head, name]);
  }
  // The sizes stand in the descriptor behind the data; the field says that they have eight bytes there.
  head.writeUInt32LE(limitBytes, 18);
  head.writeUInt32LE(limitBytes, 22);
  head.writeUInt16LE(20, 28);
  return Buffer.concat([head, name, largeField([0, 0])]);
}

/** The extra field of ZIP64 (4.5.3). */
function largeField(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + values.length * 8);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(values.length * 8, 2);
  values.forEach((value, index) => field.writeBigUInt64LE(BigInt(value), 4 + index * 8));
  return field;
}

function dataDescriptor(sum: number, sizeBytes: number, isLarge: boolean): Buffer {
  const descriptor = Buffer.alloc(isLarge ? 24 : 16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(sum, 4);
  if (isLarge) {
    descriptor.writeBigUInt64LE(BigInt(sizeBytes), 8);
    descriptor.writeBigUInt64LE(BigInt(sizeBytes), 16);
  } else {
    descriptor.writeUInt32LE(sizeBytes, 8);
    descriptor.writeUInt32LE(sizeBytes, 12);
  }
  return descriptor;
}

function directoryHeader(
  local: Buffer,
  name: Buffer,
  { isLarge, offset, sizeBytes, sum }: { sum: number; sizeBytes: number; offset: number; isLarge: boolean },
): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(isLarge ? 45 : 20, 4);
  local.copy(head, 6, 4, 28);
  head.writeUInt32LE(sum, 16);
  head.writeUInt32LE(isLarge ? limitBytes : sizeBytes, 20);
  head.writeUInt32LE(isLarge ? limitBytes : sizeBytes, 24);
  head.writeUInt16LE(isLarge ? 28 : 0, 30);
  head.writeUInt32LE(isLarge ? limitBytes : offset, 42);
  return Buffer.concat([head, name, ...(isLarge ? [largeField([sizeBytes, sizeBytes, offset])] : [])]);
}

function endRecord(count: number, sizeBytes: number, offset: number, isLarge: boolean): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isLarge ? limitEntries : count, 8);
  end.writeUInt16LE(isLarge ? limitEntries : count, 10);
  end.writeUInt32LE(isLarge ? limitBytes : sizeBytes, 12);
  end.writeUInt32LE(isLarge ? limitBytes : offset, 16);
  if (!isLarge) {
    return end;
  }
  const large = Buffer.alloc(56);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeBigUInt64LE(44n, 4);
  large.writeUInt16LE(45, 12);
  large.writeUInt16LE(45, 14);
  large.writeBigUInt64LE(BigInt(count), 24);
  large.writeBigUInt64LE(BigInt(count), 32);
  large.writeBigUInt64LE(BigInt(sizeBytes), 40);
  large.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + sizeBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([large, locator, end]);
}
