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

/** A check that found what it wanted. */
export function passing(name: string, message: string): StorageCheck {
  return { name, passed: true, isFatal: false, message, remedy: null, command: null };
}

/** A check that did not. */
export function failing(name: string, isFatal: boolean, message: string, remedy: string, command: string | null): StorageCheck {
  return { name, passed: false, isFatal, message, remedy, command };
}

/** The start of a command of the AWS command line, which speaks to every S3 server. */
export function awsCommand({ connection: { bucket, endpoint } }: S3Client, words: string): string {
  return `aws --endpoint-url ${endpoint} s3api ${words.replace(' ', ` --bucket ${bucket} `).trimEnd()}`;
}
