import { readFileSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { StartError } from '../core/errors.ts';
import type { ColumnRing } from '../keyring/columnKeys.ts';
import type { KeyProvider } from '../keyring/keyProvider.ts';
import { openDiskStore } from './disk/diskStore.ts';
import { openMovingStore } from './movingStore.ts';
import type { ObjectStore, StorageCheck } from './objectStore.ts';
import type { S3Encryption } from './s3/s3Encryption.ts';
import { openS3Store } from './s3/s3Store.ts';
import type { ServedStore } from './servedStore.ts';
import { StorageError } from './storageError.ts';

/** What a store needs besides the environment. */
export interface StoreSurroundings {
  /** 32 bytes from which keys derive that need not be replaced one by one. */
  secret: Uint8Array;
  /** Further keys that links derive from; programs that make no link need none. */
  columnKeys?: ColumnRing | undefined;
  /** What wraps the keys of workspaces. */
  rootKeys: KeyProvider;
  /** Address under which this server is reached; empty until it is known. */
  baseUrl: () => string;
  clock: Clock;
}

/**
 * Opens the store that the environment asks for, and makes it read from the former one while objects move. Throws StartError for what the
 * operator must mend.
 */
export async function openStoreFromEnv(env: Env, surroundings: StoreSurroundings): Promise<ServedStore> {
  const store = await openDriver(env, env.CARMIC_STORAGE, surroundings);
  if (env.CARMIC_STORAGE_MOVE_FROM === undefined) {
    return store;
  }
  if (env.CARMIC_STORAGE_MOVE_FROM === env.CARMIC_STORAGE) {
    throw new StartError('CARMIC_STORAGE_MOVE_FROM is the same as CARMIC_STORAGE: leave it out, or name the former storage there.');
  }
  return openMovingStore(store, await openDriver(env, env.CARMIC_STORAGE_MOVE_FROM, surroundings));
}

/** Opens one driver. */
export async function openDriver(env: Env, driver: Env['CARMIC_STORAGE'], surroundings: StoreSurroundings): Promise<ServedStore> {
  try {
    return driver === 'disk' ? await openDiskStore(diskOptions(env, surroundings)) : openS3Store(s3Options(env, surroundings));
  } catch (error) {
    throw error instanceof StorageError ? new StartError(error.message) : error;
  }
}

/** Refuses to start while a check that matters fails. */
export async function requireSoundStore(store: Pick<ObjectStore, 'check'>): Promise<void> {
  const fatal = (await store.check()).filter((check) => !check.passed && check.isFatal);
  if (fatal.length > 0) {
    throw new StartError(fatal.map(describeCheck).join('\n'));
  }
}

function describeCheck({ message, remedy, command }: StorageCheck): string {
  return [message, remedy, command === null ? null : `Run: ${command}`].filter((text) => text !== null).join(' ');
}

function diskOptions(env: Env, surroundings: StoreSurroundings): Parameters<typeof openDiskStore>[0] {
  return {
    ...surroundings,
    dataDir: env.CARMIC_DATA_DIR,
    minimumFreeBytes: env.CARMIC_MIN_FREE_BYTES,
    fsync: env.CARMIC_DISK_FSYNC,
  };
}

function s3Options(env: Env, surroundings: StoreSurroundings): Parameters<typeof openS3Store>[0] {
  const endpoint = env.CARMIC_S3_ENDPOINT ?? r2Endpoint(env);
  const { CARMIC_S3_ACCESS_KEY_ID: accessKeyId, CARMIC_S3_BUCKET: bucket, CARMIC_S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (endpoint === undefined || bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = Object.entries({
      'CARMIC_S3_ENDPOINT (or CARMIC_R2_ACCOUNT_ID)': endpoint,
      CARMIC_S3_BUCKET: bucket,
      CARMIC_S3_ACCESS_KEY_ID: accessKeyId,
      CARMIC_S3_SECRET_ACCESS_KEY: secretAccessKey,
    }).flatMap(([name, value]) => (value === undefined ? [name] : []));
    throw new StartError(`Objects are to be kept in a bucket, and these are missing: ${missing.join(', ')}.`);
  }
  const { hostname, origin, protocol } = new URL(endpoint);
  if (protocol !== 'https:' && env.CARMIC_MODE === 'production' && !isOwnMachine(hostname)) {
    throw new StartError(`The storage at ${origin} is reached without encryption: use an https address in CARMIC_S3_ENDPOINT.`);
  }
  const isR2 = hostname.endsWith('.r2.cloudflarestorage.com');
  return {
    ...surroundings,
    endpoint: origin,
    publicEndpoint: env.CARMIC_S3_PUBLIC_ENDPOINT === undefined ? undefined : new URL(env.CARMIC_S3_PUBLIC_ENDPOINT).origin,
    region: env.CARMIC_S3_REGION ?? (isR2 ? 'auto' : 'us-east-1'),
    bucket,
    accessKeyId,
    secretAccessKey,
    sessionToken: env.CARMIC_S3_SESSION_TOKEN,
    isPathStyle: env.CARMIC_S3_ADDRESSING === 'path',
    ca: env.CARMIC_S3_CA_FILE === undefined ? undefined : readAuthority(env.CARMIC_S3_CA_FILE),
    prefix: env.CARMIC_S3_PREFIX ?? '',
    encryption: s3Encryption(env, surroundings.secret),
    isR2,
    origins: () => (surroundings.baseUrl() === '' ? [] : [new URL(surroundings.baseUrl()).origin]),
  };
}

function r2Endpoint({ CARMIC_R2_ACCOUNT_ID: account, CARMIC_R2_JURISDICTION: jurisdiction }: Env): string | undefined {
  return account === undefined
    ? undefined
    : `https://${account}${jurisdiction === 'default' ? '' : `.${jurisdiction}`}.r2.cloudflarestorage.com`;
}

function isOwnMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

function s3Encryption(env: Env, secret: Uint8Array): S3Encryption {
  switch (env.CARMIC_S3_ENCRYPTION) {
    case 'sse-kms':
      return { kind: 'sse-kms', keyId: env.CARMIC_S3_KMS_KEY_ID };
    case 'sse-c':
      return { kind: 'sse-c', secret };
    case 'bucket':
    case 'sse-s3':
      return { kind: env.CARMIC_S3_ENCRYPTION };
  }
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(
      `CARMIC_S3_CA_FILE names ${path}, which cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
