import type { StorageFinding } from '@carmic/contract';
import type { ObjectStore, StorageCheck } from '../objectStore.ts';
import type { S3Client } from './s3Client.ts';
import type { S3Encryption } from './s3Encryption.ts';
import type { Versioning } from './s3Versioning.ts';

/** What the checks of a bucket look at. */
export interface S3CheckContext {
  client: S3Client;
  publicClient: S3Client;
  store: ObjectStore;
  versioning: Versioning;
  encryption: S3Encryption;
  isR2: boolean;
  origins: readonly string[];
  nameOf: (key: string) => string;
}

type Values = StorageCheck['values'];

/** A check that found what it wanted: as a code with its values, and in one sentence. */
export function passing(name: string, finding: StorageFinding, message: string, values: Values = {}): StorageCheck {
  return { name, passed: true, isFatal: false, finding, values, message, remedy: null, command: null };
}

/** A check that did not. */
export function failing(
  name: string,
  isFatal: boolean,
  [finding, values]: readonly [finding: StorageFinding, values?: Values],
  message: string,
  remedy: string,
  command: string | null,
): StorageCheck {
  return { name, passed: false, isFatal, finding, values: values ?? {}, message, remedy, command };
}

/** The start of a command of the AWS command line, which speaks to every S3 server. */
export function awsCommand({ connection: { bucket, endpoint } }: S3Client, words: string): string {
  return `aws --endpoint-url ${endpoint} s3api ${words.replace(' ', ` --bucket ${bucket} `).trimEnd()}`;
}
