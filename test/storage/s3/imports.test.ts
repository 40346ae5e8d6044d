import { afterAll, beforeAll, expect, test } from 'vitest';
import { awaitMinio } from '../../../scripts/fetchMinio.mjs';
import { type FileServer, startFileServer, videoBytes } from '../../support/fileServer.ts';
import { startInstance, type TestInstance, until } from '../../support/instance.ts';
import { type MinioServer, startMinio } from '../../support/minio.ts';
import { requireOrSkip } from '../../support/requirements.ts';

const path = await awaitMinio();
let files: FileServer;
let minio: MinioServer | undefined;
let instance: TestInstance | undefined;

beforeAll(async () => {
  files = await startFileServer();
  if (path !== null) {
    minio = await startMinio(path);
    const { endpoint, accessKeyId, secretAccessKey } = minio.connection;
    instance = await startInstance({
      env: {
        CARMIC_STORAGE: 's3',
        CARMIC_S3_ENDPOINT: endpoint,
        CARMIC_S3_BUCKET: await minio.createBucket(),
        CARMIC_S3_ACCESS_KEY_ID: accessKeyId,
        CARMIC_S3_SECRET_ACCESS_KEY: secretAccessKey,
        CARMIC_IMPORT_HOSTS: '127.0.0.1',
        CARMIC_OUTGOING_PRIVATE_RANGES: '127.0.0.1/32',
      },
    });
  }
});
afterAll(async () => {
  await instance?.stop();
  await minio?.stop();
  await files.stop();
});

test('a video is fetched from an address into a bucket, in parts and without a size that is named before', async (context) => {
  requireOrSkip({ skip: (note) => context.skip(note) }, 'minio');
  if (instance === undefined) {
    throw new Error('The instance was not started.');
  }
  const { call } = await instance.createCaller();
  const bytes = videoBytes(20_000_000);
  files.answer('/talk.mp4', (_, response) => {
    response.writeHead(200);
    response.end(bytes);
  });
  const { id } = await call('createVideoImport', { body: { url: files.url('/talk.mp4') } });
  const video = await until('the import', async () => {
    const found = await call('getVideo', { params: { id } });
    return found.state === 'uploading' ? null : found;
  });
  expect(video).toMatchObject({ state: 'inspecting', sizeBytes: bytes.length });
  const { db, store } = instance.server.deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<{ key: string }>(tx, "SELECT key FROM stored_objects WHERE video_id = :id AND state = 'ready'", { id }),
  );
  const stored = Buffer.concat((await (await store.get(row?.key ?? '')).stream.toArray()) as Buffer[]);
  expect(stored.equals(bytes)).toBe(true);
});
