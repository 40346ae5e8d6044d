/**
 * Files of a backup: AES-256-GCM in records of 1 MiB. Keeps: S1.
 *
 *   0   magic and version (8)
 *   8   salt (32), from which and from the file's name its own key derives (HKDF-SHA-256)
 *   40  records: cipher text of 1 MiB, the last one shorter, each with its tag (16)
 *
 * A record is bound to its number and to whether it is the last one, so that a file that was cut, joined, swapped or renamed does not open. Each
 * file has a key of its own, so that nonces may count.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { StartError } from '../../core/errors.ts';

const magic = Buffer.from('CARMICB\x01', 'latin1');
const saltBytes = 32;
const recordBytes = 1024 * 1024;
const tagBytes = 16;

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Cuts a stream into pieces of one size and tells which is the last; a stream without bytes has one empty piece. */
async function* cut(source: Bytes, size: number): AsyncGenerator<{ piece: Buffer; isLast: boolean }> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of source) {
    held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    heldBytes += chunk.length;
    if (heldBytes <= size) {
      continue;
    }
    let rest = Buffer.concat(held);
    // What fills a piece exactly waits: it may be the last.
    while (rest.length > size) {
      yield { piece: rest.subarray(0, size), isLast: false };
      rest = rest.subarray(size);
    }
    held = [rest];
    heldBytes = rest.length;
  }
  yield { piece: Buffer.concat(held), isLast: true };
}

function keyOf(backupKey: Uint8Array, salt: Uint8Array, name: string): Buffer {
  return Buffer.from(hkdfSync('sha256', backupKey, salt, `carmic backup file ${name}`, 32));
}

function nonceOf(index: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(index), 4);
  return nonce;
}

/** Encrypts a stream as the file `name` of a backup. */
export async function* sealFile(backupKey: Uint8Array, name: string, source: Bytes): AsyncGenerator<Buffer> {
  const salt = randomBytes(saltBytes);
  const key = keyOf(backupKey, salt, name);
  yield Buffer.concat([magic, salt]);
  let index = 0;
  for await (const { piece, isLast } of cut(source, recordBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index));
    cipher.setAAD(Buffer.from([isLast ? 1 : 0]));
    const body = cipher.update(piece);
    cipher.final();
    yield Buffer.concat([body, cipher.getAuthTag()]);
    index += 1;
  }
}

/** Decrypts the file `name` of a backup. Throws StartError when it was altered, cut, or is another file. */
export async function* openFile(backupKey: Uint8Array, name: string, source: Bytes): AsyncGenerator<Buffer> {
  const damaged = () => new StartError(`The file ${name} of the backup is damaged, or is not the one that was written.`);
  let key: Buffer | null = null;
  let index = 0;
  const body = withoutHeader(source, (header) => {
    if (header.length < magic.length + saltBytes || !header.subarray(0, magic.length).equals(magic)) {
      throw damaged();
    }
    key = keyOf(backupKey, header.subarray(magic.length), name);
  });
  for await (const { piece, isLast } of cut(body, recordBytes + tagBytes)) {
    if (key === null || piece.length < tagBytes) {
      throw damaged();
    }
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from([isLast ? 1 : 0]));
    decipher.setAuthTag(piece.subarray(piece.length - tagBytes));
    const plain = decipher.update(piece.subarray(0, piece.length - tagBytes));
    try {
      decipher.final();
    } catch {
      throw damaged();
    }
    yield plain;
    index += 1;
  }
}

/** Gives the first bytes to `onHeader` and passes the rest on. */
async function* withoutHeader(source: Bytes, onHeader: (header: Buffer) => void): AsyncGenerator<Uint8Array> {
  const wanted = magic.length + saltBytes;
  let header: Buffer | null = Buffer.alloc(0);
  for await (const chunk of source) {
    if (header === null) {
      yield chunk;
      continue;
    }
    header = Buffer.concat([header, chunk]);
    if (header.length >= wanted) {
      const rest = header.subarray(wanted);
      onHeader(header.subarray(0, wanted));
      header = null;
      yield rest;
    }
  }
  if (header !== null) {
    onHeader(header);
  }
}
