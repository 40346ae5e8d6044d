/**
 * Looks whether a bucket can be used as it must be. Nothing is believed: an object is written, looked at, asked for without a signature, and
 * removed; every finding is one sentence, with the command that mends it.
 */
import { randomUUID } from 'node:crypto';
import type { StorageFinding } from '@carmic/contract';
import { z } from 'zod';
import { keys } from '../keys.ts';
import type { StorageCheck } from '../objectStore.ts';
import type { S3Client } from './s3Client.ts';
import { awsCommand, failing, passing, type S3CheckContext } from './s3CheckContext.ts';
import { checkCors } from './s3CorsCheck.ts';
import { S3Failure } from './s3Failure.ts';
import { readXml } from './s3Xml.ts';
import { tryObjects } from './s3Probes.ts';

/** Makes all checks; never throws for what it finds. */
export async function checkS3(context: S3CheckContext): Promise<StorageCheck[]> {
  const reached = await checkReachable(context.client);
  if (!reached.every((check) => check.passed || !check.isFatal)) {
    return reached;
  }
  return [
    ...reached,
    await checkObjectLock(context.client),
    await checkVersioning(context),
    await checkLifecycle(context.client),
    await checkCors(context),
    ...(await tryObjects(context, keys.probe(randomUUID()))),
  ];
}

async function checkReachable(client: S3Client): Promise<StorageCheck[]> {
  const { bucket, endpoint, region } = client.connection;
  try {
    const { headers } = await client.sendForText({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1' }, retries: 2 });
    return [
      passing('reachable', 'reachable', `The bucket ${bucket} at ${endpoint} answers.`, { bucket, endpoint }),
      checkClock(headers.date),
    ];
  } catch (error) {
    const code = error instanceof S3Failure ? error.code : 'unknown';
    const values = { bucket, endpoint, region, code, reason: error instanceof Error ? error.message : String(error) };
    const fatal = (finding: StorageFinding, message: string, remedy: string, command: string | null = null) => [
      failing('reachable', true, [finding, values], message, remedy, command),
    ];
    switch (code) {
      case 'NoSuchBucket':
        return fatal(
          'no_bucket',
          `There is no bucket ${bucket} at ${endpoint}.`,
          'Make the bucket, or put the right name into CARMIC_S3_BUCKET.',
          awsCommand(client, 'create-bucket '),
        );
      case 'RequestTimeTooSkewed':
        return fatal(
          'clock_refused',
          'The clock of this machine is more than 15 minutes off, and the storage refuses every request.',
          'Set the clock and keep it right.',
          'timedatectl set-ntp true',
        );
      case 'InvalidAccessKeyId':
      case 'SignatureDoesNotMatch':
        return fatal(
          'key_refused',
          `The storage does not accept the access key (${code}).`,
          'Put the right pair into CARMIC_S3_ACCESS_KEY_ID and CARMIC_S3_SECRET_ACCESS_KEY.',
        );
      case 'AccessDenied':
        return fatal(
          'list_denied',
          `The access key may not list the bucket ${bucket}.`,
          'Allow it s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject and their versions, and s3:AbortMultipartUpload there.',
          `aws --endpoint-url ${endpoint} sts get-caller-identity`,
        );
      case 'AuthorizationHeaderMalformed':
      case 'InvalidRegion':
        return fatal(
          'wrong_region',
          `The bucket is not in the region ${region}.`,
          'Put its region into CARMIC_S3_REGION.',
          awsCommand(client, 'get-bucket-location '),
        );
      default:
        return fatal(
          'unreachable',
          `The bucket ${bucket} at ${endpoint} cannot be used: ${values.reason}`,
          'Look at CARMIC_S3_ENDPOINT, the network, and (with a certificate of your own) CARMIC_S3_CA_FILE.',
          `curl -sv ${endpoint} -o /dev/null`,
        );
    }
  }
}

const toleratedSkewSeconds = 30;
const fatalSkewSeconds = 600;

function checkClock(date: string | undefined): StorageCheck {
  const skewSeconds = Math.round(Math.abs(Date.now() - Date.parse(date ?? new Date().toUTCString())) / 1000);
  return skewSeconds <= toleratedSkewSeconds
    ? passing('clock_skew', 'clocks_agree', 'The clocks of this machine and of the storage agree.')
    : failing(
        'clock_skew',
        skewSeconds > fatalSkewSeconds,
        ['clocks_differ', { seconds: skewSeconds }],
        `The clocks of this machine and of the storage are ${skewSeconds} seconds apart: links would end too early or too late.`,
        'Set the clock and keep it right.',
        'timedatectl set-ntp true',
      );
}

const lockSchema = z.object({ ObjectLockEnabled: z.string().optional() });

async function checkObjectLock(client: S3Client): Promise<StorageCheck> {
  const { bucket } = client.connection;
  const settings = await ask(client, 'object-lock', 'ObjectLockConfiguration', lockSchema);
  return settings?.ObjectLockEnabled === 'Enabled'
    ? failing(
        'object_lock',
        true,
        ['object_lock', { bucket }],
        `The bucket ${bucket} has object lock: what is stored there cannot be deleted before its time, and Carmic promises that deleted is deleted.`,
        'Object lock cannot be taken off a bucket. Make another bucket without it and name that one in CARMIC_S3_BUCKET.',
        `aws --endpoint-url ${client.connection.endpoint} s3api create-bucket --bucket ${bucket}-unlocked`,
      )
    : passing('object_lock', 'no_object_lock', 'The bucket has no object lock: what is deleted is gone.');
}

async function checkVersioning({ versioning }: S3CheckContext): Promise<StorageCheck> {
  const status = await versioning.status();
  return passing(
    'versioning',
    status === 'Off' ? 'no_versions' : 'versions',
    status === 'Off'
      ? 'The bucket keeps no versions.'
      : `The bucket keeps versions (${status.toLowerCase()}): a deletion removes each of them, which costs one listing for each video.`,
  );
}

const lifecycleSchema = z.object({
  Rule: z
    .array(
      z.object({
        ID: z.string().default(''),
        Status: z.string(),
        Expiration: z.union([z.string(), z.object({ Days: z.string().optional(), Date: z.string().optional() })]).optional(),
        AbortIncompleteMultipartUpload: z.unknown().optional(),
      }),
    )
    .default([]),
});

async function checkLifecycle(client: S3Client): Promise<StorageCheck> {
  const found = await ask(client, 'lifecycle', 'LifecycleConfiguration', lifecycleSchema);
  const expiring = (found?.Rule ?? []).find(
    ({ Expiration, Status }) =>
      Status === 'Enabled' && typeof Expiration === 'object' && (Expiration.Days !== undefined || Expiration.Date !== undefined),
  );
  return expiring === undefined
    ? passing(
        'lifecycle',
        'nothing_expires',
        'No lifecycle rule of the bucket deletes objects: plans alone decide how long content is kept.',
      )
    : failing(
        'lifecycle',
        false,
        ['rule_expires', { rule: expiring.ID }],
        `The lifecycle rule ${expiring.ID === '' ? 'without a name' : `“${expiring.ID}”`} of the bucket deletes objects by their age, whatever the plan says.`,
        'Take the rule away, unless it leaves our objects alone. Rules that end unfinished uploads may stay.',
        awsCommand(client, 'delete-bucket-lifecycle '),
      );
}

/** Asks for a setting of the bucket; null when there is none, or the server knows no such thing. */
async function ask<T>(client: S3Client, setting: string, root: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return readXml((await client.sendForText({ method: 'GET', query: { [setting]: '' } })).text, root, schema);
  } catch (error) {
    if (error instanceof S3Failure && (error.status === 404 || error.status === 501 || error.code === 'NotImplemented')) {
      return null;
    }
    throw error;
  }
}
