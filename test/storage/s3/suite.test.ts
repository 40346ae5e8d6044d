import { afterAll, it } from 'vitest';
import { awaitMinio } from '../../../scripts/fetchMinio.mjs';
import { type MinioServer, startMinio } from '../../support/minio.ts';
import { requireOrSkip } from '../../support/requirements.ts';
import { describeObjectLifecycle } from '../lifecycleSuite.ts';
import { describeObjectStore } from '../objectStoreSuite.ts';
import { startR2Proxy } from './r2Proxy.ts';
import { startS3Harness } from './s3Harness.ts';

const path = await awaitMinio();
const servers: Promise<MinioServer>[] = [];
afterAll(async () => {
  await Promise.all(servers.map(async (starting) => (await starting).stop()));
});

if (path === null) {
  it('needs a MinIO server', (context) => requireOrSkip(context, 'minio'));
} else {
  const start = (region: string) => {
    const starting = startMinio(path, { region });
    servers.push(starting);
    return starting;
  };
  let plain: Promise<MinioServer> | null = null;
  const minio = () => (plain ??= start('us-east-1'));
  let auto: Promise<MinioServer> | null = null;
  const behindR2 = () => (auto ??= start('auto'));

  const onMinio = async () => {
    const server = await minio();
    return startS3Harness(server, { bucket: await server.createBucket() });
  };
  describeObjectStore('MinIO', onMinio);
  describeObjectLifecycle('MinIO', onMinio);

  describeObjectLifecycle('a MinIO bucket with versions, below a prefix', async () => {
    const server = await minio();
    return startS3Harness(server, { bucket: await server.createBucket({ isVersioned: true }), prefix: 'shared/carmic/' });
  });

  const onR2 = async () => {
    const server = await behindR2();
    const proxy = await startR2Proxy(server.connection.endpoint);
    const connection = { ...server.connection, region: 'auto', endpoint: proxy.endpoint };
    const bucket = await server.createBucket();
    const harness = await startS3Harness({ connection }, { bucket, isR2: true });
    const closeHarness = harness.close.bind(harness);
    return Object.assign(harness, {
      close: async () => {
        await closeHarness();
        await proxy.close();
      },
    });
  };
  describeObjectStore('MinIO behind R2’s rules', onR2, { toleratedChecks: ['encryption_at_rest'] });
  describeObjectLifecycle('MinIO behind R2’s rules', onR2);
}
