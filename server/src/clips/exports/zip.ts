/**
 * Writes a ZIP file as a stream, entries stored as they are: pictures and sound do not get smaller.
 *
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16. Sizes are known beforehand; sums follow each entry (flag 3), names are UTF-8
 * (flag 11). An entry or archive over 4 GiB would need ZIP64 and is refused.
 */
import { crc32 } from 'node:zlib';

export interface ZipEntry {
  name: string;
  sizeBytes: number;
  modifiedAt: Date;
  open(): Promise<AsyncIterable<Buffer>>;
}

const limitBytes = 0xffffffff;

/** The exact size of the archive. */
export function zipSize(entries: readonly ZipEntry[]): number {
  const names = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.name) * 2, 0);
  return entries.reduce((sum, entry) => sum + entry.sizeBytes, 0) + entries.length * (30 + 16 + 46) + names + 22;
}

/** Yields the archive. Throws RangeError when it would be too large. */
export async function* writeZip(entries: readonly ZipEntry[]): AsyncGenerator<Buffer> {
  if (zipSize(entries) > limitBytes) {
    throw new RangeError('These files are larger than 4 GiB together; download them one by one.');
  }
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const head = localHeader(entry, name);
    yield Buffer.concat([head, name]);
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
    const descriptor = Buffer.alloc(16);
    descriptor.writeUInt32LE(0x08074b50, 0);
    descriptor.writeUInt32LE(sum, 4);
    descriptor.writeUInt32LE(sizeBytes, 8);
    descriptor.writeUInt32LE(sizeBytes, 12);
    yield descriptor;
    directory.push(Buffer.concat([directoryHeader(head, sum, sizeBytes, offset), name]));
    offset += head.length + name.length + sizeBytes + descriptor.length;
  }
  const all = Buffer.concat(directory);
  yield all;
  yield endRecord(entries.length, all.length, offset);
}

function localHeader({ modifiedAt }: ZipEntry, name: Buffer): Buffer {
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x04034b50, 0);
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(0x0808, 6);
  const year = Math.max(1980, modifiedAt.getUTCFullYear()) - 1980;
  head.writeUInt16LE((modifiedAt.getUTCHours() << 11) | (modifiedAt.getUTCMinutes() << 5) | (modifiedAt.getUTCSeconds() >> 1), 10);
  head.writeUInt16LE((year << 9) | ((modifiedAt.getUTCMonth() + 1) << 5) | modifiedAt.getUTCDate(), 12);
  head.writeUInt16LE(name.length, 26);
  return head;
}

function directoryHeader(local: Buffer, sum: number, sizeBytes: number, offset: number): Buffer {
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(20, 4);
  local.copy(head, 6, 4, 30);
  head.writeUInt32LE(sum, 16);
  head.writeUInt32LE(sizeBytes, 20);
  head.writeUInt32LE(sizeBytes, 24);
  head.writeUInt32LE(offset, 42);
  return head;
}

function endRecord(count: number, sizeBytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(sizeBytes, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
