import { Readable } from 'node:stream';
import { Client } from 'minio';
import type { Env } from '../../core/env.ts';
import { StartError } from '../../core/errors.ts';
import { isCode, messageOf } from '../failures.ts';
import type { BackupPlace } from './backupPlace.ts';

/** Parts are held in memory while they are sent; ten thousand of them make the largest file. */
const partBytes = 16 * 1024 * 1024;
const removalsAtOnce = 500;

/** Opens a bucket of any S3 server for backups. Throws StartError for what is missing or does not answer. */
export async function openBucketPlace(env: Env, to: string): Promise<BackupPlace> {
  const [, bucket = '', rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(to) ?? [];
  const prefix = rest === '' || rest.endsWith('/') ? rest : `${rest}/`;
  const {
    CARMIC_BACKUP_S3_ENDPOINT: endpoint,
    CARMIC_BACKUP_S3_ACCESS_KEY_ID: accessKey,
    CARMIC_BACKUP_S3_SECRET_ACCESS_KEY: secretKey,
  } = env;
  if (bucket === '') {
    throw new StartError(`${to} names no bucket: write it as s3://bucket or s3://bucket/prefix.`);
  }
  if (endpoint === undefined || accessKey === undefined || secretKey === undefined) {
    throw new StartError(
      'Backups are to go into a bucket: set CARMIC_BACKUP_S3_ENDPOINT, CARMIC_BACKUP_S3_ACCESS_KEY_ID and CARMIC_BACKUP_S3_SECRET_ACCESS_KEY.',
    );
  }
  const { hostname, origin, port, protocol } = new URL(endpoint);
  if (protocol !== 'https:' && env.CARMIC_MODE === 'production' && !/^(localhost|\[::1\]|127\..*)$/.test(hostname)) {
    throw new StartError(`The bucket of the backups at ${origin} is reached without encryption: use an https address.`);
  }
  const client = new Client({
    endPoint: hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    useSSL: protocol === 'https:',
    accessKey,
    secretKey,
    region: env.CARMIC_BACKUP_S3_REGION,
    partSize: partBytes,
  });
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw error instanceof StartError ? error : new StartError(`The bucket of the backups (${to}) cannot be used: ${messageOf(error)}`);
    }
  };
  if (!(await explained(client.bucketExists(bucket)))) {
    throw new StartError(`There is no bucket ${bucket} at ${origin}: make it, or name another one.`);
  }
  return {
    name: to,
    async write(path, body) {
      await explained(client.putObject(bucket, `${prefix}${path}`, Readable.from(body)));
    },
    async read(path) {
      try {
        return await client.getObject(bucket, `${prefix}${path}`);
      } catch (error) {
        if (isCode(error, 'NoSuchKey', 'NotFound')) {
          return null;
        }
        return explained(Promise.reject(error as Error));
      }
    },
    async *list(wanted) {
      for await (const item of client.listObjectsV2(bucket, `${prefix}${wanted}`, true)) {
        const { lastModified, name, size } = item as { name: string; size: number; lastModified: Date };
        yield { path: name.slice(prefix.length), sizeBytes: size, writtenAt: lastModified };
      }
    },
    async remove(paths) {
      for (let start = 0; start < paths.length; start += removalsAtOnce) {
        const names = paths.slice(start, start + removalsAtOnce).map((path) => `${prefix}${path}`);
        await explained(client.removeObjects(bucket, names));
      }
    },
  };
}
