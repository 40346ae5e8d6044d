/** Reads ZIP files as `writeZip` makes them: entries stored as they are, with or without ZIP64 (PKWARE APPNOTE 6.3.10). */
import { type FileHandle, open } from 'node:fs/promises';
import { StartError } from '../../core/errors.ts';

/** One entry of an open archive. */
export interface ZipFileEntry {
  name: string;
  sizeBytes: number;
  read(): AsyncIterable<Buffer>;
}

/** An open archive. */
export interface ZipFile {
  entries: ReadonlyMap<string, ZipFileEntry>;
  close(): Promise<void>;
}

const damaged = () => new StartError('This is not an archive of Carmic, or it was not copied whole.');
const chunkBytes = 1024 * 1024;

/** Opens an archive. Throws StartError when it is none. */
export async function openZip(path: string): Promise<ZipFile> {
  const file = await open(path).catch(() => {
    throw new StartError(`The file ${path} cannot be read.`);
  });
  try {
    const { offset, sizeBytes } = await findDirectory(file);
    return { entries: parseDirectory(file, await readAt(file, offset, sizeBytes)), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error instanceof RangeError ? damaged() : error;
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { size } = await file.stat();
  if (offset < 0 || length < 0 || offset + length > size) {
    throw damaged();
  }
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  if (bytesRead !== length) {
    throw damaged();
  }
  return bytes;
}

async function findDirectory(file: FileHandle): Promise<{ offset: number; sizeBytes: number }> {
  const { size } = await file.stat();
  const end = await readAt(file, size - 22, 22);
  if (end.readUInt32LE(0) !== 0x06054b50) {
    throw damaged();
  }
  if (end.readUInt32LE(16) !== 0xffffffff) {
    return { sizeBytes: end.readUInt32LE(12), offset: end.readUInt32LE(16) };
  }
  const locator = await readAt(file, size - 42, 20);
  const large = await readAt(file, Number(locator.readBigUInt64LE(8)), 56);
  if (locator.readUInt32LE(0) !== 0x07064b50 || large.readUInt32LE(0) !== 0x06064b50) {
    throw damaged();
  }
  return { sizeBytes: Number(large.readBigUInt64LE(40)), offset: Number(large.readBigUInt64LE(48)) };
}

function parseDirectory(file: FileHandle, directory: Buffer): Map<string, ZipFileEntry> {
  const entries = new Map<string, ZipFileEntry>();
  for (let at = 0; at < directory.length;) {
    if (directory.readUInt32LE(at) !== 0x02014b50 || directory.readUInt16LE(at + 10) !== 0) {
      throw damaged();
    }
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const name = directory.toString('utf8', at + 46, at + 46 + nameBytes);
    const extraAt = at + 46 + nameBytes;
    const isLarge = directory.readUInt32LE(at + 42) === 0xffffffff;
    const sizeBytes = isLarge ? Number(directory.readBigUInt64LE(extraAt + 4)) : directory.readUInt32LE(at + 24);
    const offset = isLarge ? Number(directory.readBigUInt64LE(extraAt + 20)) : directory.readUInt32LE(at + 42);
    entries.set(name, { name, sizeBytes, read: () => readEntry(file, offset, sizeBytes) });
    at = extraAt + extraBytes + commentBytes;
  }
  return entries;
}

async function* readEntry(file: FileHandle, offset: number, sizeBytes: number): AsyncGenerator<Buffer> {
  const head = await readAt(file, offset, 30);
  const start = offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  for (let done = 0; done < sizeBytes;) {
    const piece = await readAt(file, start + done, Math.min(chunkBytes, sizeBytes - done));
    yield piece;
    done += piece.length;
  }
}
