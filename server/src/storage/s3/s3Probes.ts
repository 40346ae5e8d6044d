import { createHash } from 'node:crypto';
import type { StorageCheck } from '../objectStore.ts';
import { StorageError } from '../storageError.ts';
import { awsCommand, failing, passing, type S3CheckContext } from './s3CheckContext.ts';
import { S3Failure } from './s3Failure.ts';
import type { S3Encryption } from './s3Encryption.ts';

const text = Buffer.from('Carmic tries its storage.');
const otherSha256 = '0'.repeat(64);
const contentType = 'text/plain';

/** Tries everything a bucket must do on a throw-away object, which is gone afterwards. */
export async function tryObjects(context: S3CheckContext, key: string): Promise<StorageCheck[]> {
  const { store } = context;
  try {
    await store.put(key, text, { contentType, maxBytes: text.length });
    const checks = [
      await checkEncryption(context, key),
      await checkPublicAccess(context, key),
      await checkChecksums(context, key),
      await checkReplacement(context, key),
    ];
    return [...checks, await checkRoundTrip(context, key)];
  } catch (error) {
    await store.delete([key]).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    const cause = error instanceof StorageError && error.cause instanceof S3Failure ? ` ${error.cause.message}` : '';
    return [
      failing(
        'round_trip',
        true,
        ['round_trip_refused', { reason: `${reason}${cause}` }],
        `No object could be written and read back: ${reason}${cause}`,
        'Let the access key read, write and delete in this bucket, and switch on the encryption that CARMIC_S3_ENCRYPTION asks for.',
        awsCommand(context.client, 'get-bucket-encryption '),
      ),
    ];
  }
}

function describeEncryption(encryption: S3Encryption): string {
  return { bucket: 'the bucket’s own encryption', 'sse-s3': 'SSE-S3', 'sse-kms': 'SSE-KMS', 'sse-c': 'SSE-C' }[encryption.kind];
}

async function checkEncryption({ client, encryption, isR2, nameOf }: S3CheckContext, key: string): Promise<StorageCheck> {
  if (encryption.kind === 'sse-c') {
    return checkCustomerKey({ client, nameOf }, key);
  }
  const { headers } = await client.sendForText({ method: 'HEAD', object: nameOf(key) });
  const found = headers['x-amz-server-side-encryption'];
  const wanted =
    encryption.kind === 'sse-s3'
      ? ['AES256']
      : encryption.kind === 'sse-kms'
        ? ['aws:kms', 'aws:kms:dsse']
        : ['AES256', 'aws:kms', 'aws:kms:dsse'];
  if (typeof found === 'string' && wanted.includes(found)) {
    return passing(
      'encryption_at_rest',
      'encrypted',
      `A new object was found encrypted at rest (${describeEncryption(encryption)}: ${found}).`,
      {
        kind: encryption.kind,
        found,
      },
    );
  }
  if (isR2) {
    return failing(
      'encryption_at_rest',
      false,
      ['encryption_untold'],
      'R2 does not tell whether an object is encrypted. Cloudflare’s documentation says that every one is, with AES-256-GCM.',
      'For encryption that is verified here, use keys of your own: set CARMIC_S3_ENCRYPTION=sse-c.',
      null,
    );
  }
  const rule = JSON.stringify({ Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] });
  return failing(
    'encryption_at_rest',
    true,
    ['not_encrypted', { kind: encryption.kind, found: String(found ?? '') }],
    `A new object was not found encrypted at rest (${describeEncryption(encryption)} was asked for, the storage says ${String(found ?? 'nothing')}).`,
    'Switch on encryption of the bucket (MinIO needs a key first: MINIO_KMS_SECRET_KEY or KES), or set CARMIC_S3_ENCRYPTION=sse-c.',
    awsCommand(client, `put-bucket-encryption --server-side-encryption-configuration '${rule}'`),
  );
}

/** Our own keys work when the object cannot be read without one. */
async function checkCustomerKey({ client, nameOf }: Pick<S3CheckContext, 'client' | 'nameOf'>, key: string): Promise<StorageCheck> {
  try {
    await client.sendForText({ method: 'HEAD', object: nameOf(key) });
  } catch (error) {
    if (error instanceof S3Failure && error.status === 400) {
      return passing(
        'encryption_at_rest',
        'own_key_needed',
        'A new object can be read only with its own key, which the storage does not keep (SSE-C).',
      );
    }
    throw error;
  }
  return failing(
    'encryption_at_rest',
    true,
    ['own_key_ignored'],
    'The storage gives out an object that was written with a key of its own to somebody without that key.',
    'This server ignores SSE-C: use CARMIC_S3_ENCRYPTION=sse-s3 or sse-kms, or another server.',
    null,
  );
}

async function checkPublicAccess({ client, nameOf }: S3CheckContext, key: string): Promise<StorageCheck> {
  const read = await client.sendUnsigned('GET', nameOf(key), {});
  const listed = await client.sendUnsigned('GET', undefined, {});
  if (read.status >= 400 && listed.status >= 400) {
    return passing('public_access', 'not_public', 'Nobody can read or list objects without a signature.');
  }
  return failing(
    'public_access',
    true,
    ['public', { bucket: client.connection.bucket }],
    `Anybody can ${read.status < 400 ? 'read objects' : 'list the objects'} of the bucket ${client.connection.bucket} without a signature.`,
    'Take the public policy away.',
    awsCommand(client, 'delete-bucket-policy '),
  );
}

async function checkChecksums({ client, store }: S3CheckContext, key: string): Promise<StorageCheck> {
  const refuses = async (work: Promise<unknown>) =>
    work.then(
      () => false,
      (error: unknown) => {
        if (error instanceof StorageError && error.code === 'checksum_mismatch') {
          return true;
        }
        throw error;
      },
    );
  const { uploadId } = await store.createMultipart(key, { sizeBytes: text.length, partSizeBytes: 8 * 1024 * 1024, contentType });
  try {
    const isRefused = await refuses(
      store.putPart(key, uploadId, { partNumber: 1, sizeBytes: text.length, sha256: otherSha256, body: text }),
    );

    const sha256 = createHash('sha256').update(text).digest('hex');
    await store.putPart(key, uploadId, { partNumber: 1, sizeBytes: text.length, sha256, body: text });
    const isKept = (await store.listParts(key, uploadId)).some((part) => part.sha256 === sha256);
    return isRefused && isKept
      ? passing('checksums', 'checksums_kept', 'The storage checks the SHA-256 of every part and keeps it.')
      : failing(
          'checksums',
          true,
          ['checksums_missing'],
          `The storage ${isRefused ? 'does not keep' : 'does not check'} the SHA-256 of parts, so that uploads could not be verified.`,
          'Use a server that supports the checksum SHA-256 (Amazon S3, R2, MinIO, Ceph 20), or keep objects on disk.',
          `curl -sI ${client.connection.endpoint}`,
        );
  } finally {
    await store.abortMultipart(key, uploadId);
  }
}

/** A second PUT must not replace an object: the URLs of an attempt that is over still work for a while. */
async function checkReplacement({ client, nameOf }: S3CheckContext, key: string): Promise<StorageCheck> {
  try {
    await client.sendForText({ method: 'PUT', object: nameOf(key), headers: { 'if-none-match': '*' }, body: Buffer.from('late') });
  } catch (error) {
    if (error instanceof S3Failure && (error.status === 412 || error.status === 400)) {
      return passing('no_replacement', 'not_replaced', 'A late PUT cannot replace an object that is there.');
    }
    throw error;
  }
  return failing(
    'no_replacement',
    false,
    ['replaced'],
    'The storage does not refuse a PUT over an object that is there: an agent that lost its lease could replace its own finished file within half an hour.',
    'Use a server that honours If-None-Match on PUT (Amazon S3, R2, MinIO).',
    null,
  );
}

async function checkRoundTrip({ store }: S3CheckContext, key: string): Promise<StorageCheck> {
  await store.put(key, text, { contentType, maxBytes: text.length });
  const { stream } = await store.get(key);
  const read = Buffer.concat(await stream.toArray());
  await store.delete([key]);
  const isGone = (await store.head(key)) === null;
  return read.equals(text) && isGone
    ? passing('round_trip', 'round_trip', 'An object was written, read back and removed.')
    : failing(
        'round_trip',
        true,
        [isGone ? 'round_trip_differs' : 'round_trip_kept'],
        isGone ? 'An object that was read back was not the one written.' : 'An object that was removed is still there.',
        'Look at the server’s log.',
        null,
      );
}
