/**
 * Encryption at rest on S3: by the bucket's own rule, by a header on every write (SSE-S3, SSE-KMS), or with keys that only we have
 * (SSE-C). Keeps: S1.
 */
import { createHash, createHmac } from 'node:crypto';
import { deriveKey } from '../../core/crypto.ts';
import { keys } from '../keys.ts';

/** How objects are encrypted where they lie. */
export type S3Encryption =
  { kind: 'bucket' } | { kind: 'sse-s3' } | { kind: 'sse-kms'; keyId: string | undefined } | { kind: 'sse-c'; secret: Uint8Array };

type Headers = Record<string, string>;

/** The headers that encryption asks for. */
export interface EncryptionHeaders {
  /** For a write of a whole object, and for opening an upload in parts. */
  write(key: string): Headers;
  /** For a part, a read, and everything else that touches bytes or their checksum. */
  access(key: string): Headers;
  /** Whether readers need a key in a header, which browsers cannot send for a film: the bytes then come through this server. */
  isKeyNeededToRead: boolean;
}

export function createEncryptionHeaders(encryption: S3Encryption): EncryptionHeaders {
  switch (encryption.kind) {
    case 'bucket':
      return { write: () => ({}), access: () => ({}), isKeyNeededToRead: false };
    case 'sse-s3':
      return { write: () => ({ 'x-amz-server-side-encryption': 'AES256' }), access: () => ({}), isKeyNeededToRead: false };
    case 'sse-kms': {
      const named: Headers = encryption.keyId === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId };
      return { write: () => ({ 'x-amz-server-side-encryption': 'aws:kms', ...named }), access: () => ({}), isKeyNeededToRead: false };
    }
    case 'sse-c': {
      const headers = (key: string) => customerHeaders(objectKey(encryption.secret, key));
      return { write: headers, access: headers, isKeyNeededToRead: true };
    }
  }
}

/**
 * The key of one object, from its workspace's key, from the instance's secret. Senders of parts get the key of the one object they write, never that
 * of the workspace.
 */
function objectKey(secret: Uint8Array, key: string): Buffer {
  const parsed = keys.parse(key);
  const owner = 'workspaceId' in parsed ? parsed.workspaceId : parsed.kind;
  return createHmac('sha256', deriveKey(secret, `storage/sse-c/${owner}`))
    .update(key)
    .digest();
}

function customerHeaders(key: Buffer): Headers {
  return {
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': key.toString('base64'),
    'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(key).digest('base64'),
  };
}
