import { randomBytes } from 'node:crypto';
import { openS3Store, type S3Store, type S3StoreOptions } from '../../../server/src/storage/s3/s3Store.ts';
import type { MinioServer } from '../../support/minio.ts';
import type { StoreUnderTest } from '../objectStoreSuite.ts';
import { closeServer, serveStore } from '../storeHarness.ts';

/** A store in a bucket of a real server, its links for people served over real HTTP. */
export interface S3Harness extends StoreUnderTest {
  readonly store: S3Store;
  readonly bucket: string;
  /** Keys that may no longer be read, as if their rows were deleted. */
  unreadable: Set<string>;
}

export interface S3HarnessOptions extends Partial<S3StoreOptions> {
  bucket: string;
}

/** Opens a store in a bucket. */
export async function startS3Harness(server: Pick<MinioServer, 'connection'>, options: S3HarnessOptions): Promise<S3Harness> {
  const secret = randomBytes(32);
  const unreadable = new Set<string>();
  let port = 0;
  const open = () =>
    openS3Store({
      ...server.connection,
      prefix: '',
      encryption: { kind: 'bucket' },
      secret,
      baseUrl: () => `http://127.0.0.1:${port}`,
      clock: { now: () => new Date() },
      origins: () => ['http://console.test'],
      ...options,
    });
  let store = open();
  const served = await serveStore(() => store, { unreadable, unwritable: new Set(), logged: [] });
  port = served.port;
  return {
    get store() {
      return store;
    },
    bucket: options.bucket,
    unreadable,
    restart() {
      store.close();
      store = open();
      return Promise.resolve();
    },
    async close() {
      await closeServer(served.server);
      store.close();
    },
  };
}
