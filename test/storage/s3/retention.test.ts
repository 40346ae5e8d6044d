/**
 * Deletions on a real S3 server whose bucket keeps versions: against the model through faults of the wire, and by processes that are killed.
 * Longer runs: `CARMIC_MODEL_STEPS=2000 CARMIC_MODEL_SEED=3` and `CARMIC_KILLS=50 CARMIC_KILLS_SEED=3` before
 * `npx vitest run --project s3 test/storage/s3/retention.test.ts`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { awaitMinio } from '../../../scripts/fetchMinio.mjs';
import { type FaultyProxy, startFaultyProxy } from '../../support/faultyProxy.ts';
import { startInstance, type TestInstance } from '../../support/instance.ts';
import { KilledErasures } from '../../support/killedErasures.ts';
import { type MinioServer, startMinio } from '../../support/minio.ts';
import { reportModelRun, runModel } from '../../support/modelRun.ts';
import { createRandom } from '../../support/random.ts';
import { requireOrSkip } from '../../support/requirements.ts';
import { databaseFault } from '../../support/storageFaults.ts';

const steps = Number(process.env['CARMIC_MODEL_STEPS'] ?? 40);
const modelSeed = Number(process.env['CARMIC_MODEL_SEED'] ?? 5);
const kills = Number(process.env['CARMIC_KILLS'] ?? 2);
const killsSeed = Number(process.env['CARMIC_KILLS_SEED'] ?? Date.now() % 100_000);
const path = await awaitMinio();
let minio: MinioServer | undefined;
beforeAll(async () => {
  minio = path === null ? undefined : await startMinio(path);
});
afterAll(() => minio?.stop());

/** An installation on a new bucket with versions; the server reaches it by `endpoint`, browsers directly. */
async function startOnBucket(server: MinioServer, processes: ['web'] | [], endpoint = server.connection.endpoint) {
  const { accessKeyId, secretAccessKey } = server.connection;
  const bucket = await server.createBucket({ isVersioned: true });
  const env = {
    CARMIC_STORAGE: 's3',
    CARMIC_S3_ENDPOINT: endpoint,
    CARMIC_S3_PUBLIC_ENDPOINT: server.connection.endpoint,
    CARMIC_S3_BUCKET: bucket,
    CARMIC_S3_ACCESS_KEY_ID: accessKeyId,
    CARMIC_S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
  return { bucket, env, instance: await startInstance({ env, processes }) };
}

test(
  'on a bucket with versions the instance does what the model says, through faults of the wire (R1, R2, R3, R5, R6)',
  { timeout: 120_000 + steps * 5000 },
  async (context) => {
    requireOrSkip({ skip: (note) => context.skip(note) }, 'minio');
    if (minio === undefined) {
      throw new Error('MinIO was there and was not started.');
    }
    const random = createRandom(modelSeed);
    let proxy: FaultyProxy | undefined;
    let instance: TestInstance | undefined;
    try {
      proxy = await startFaultyProxy(minio.connection.endpoint, random);
      ({ instance } = await startOnBucket(minio, ['web'], proxy.endpoint));
      const faults = { ...proxy.faults, ...databaseFault(instance, random) };
      const counts = await runModel({ instance, random, faults }, { seed: modelSeed, steps });
      reportModelRun({ seed: modelSeed, steps, requestsThatMetAFault: proxy.met, ...counts });
      expect(counts['settling']).toBeGreaterThan(0);
      expect(proxy.met).toBeGreaterThan(0);
    } finally {
      await instance?.stop();
      await proxy?.close();
    }
  },
);

test(
  `kill -9 at ${kills} random points on a bucket with versions (seed ${killsSeed}) leaves no version, no marker and no part (R6)`,
  { timeout: 120_000 + kills * 60_000 },
  async (context) => {
    requireOrSkip({ skip: (note) => context.skip(note) }, 'minio');
    if (minio === undefined) {
      throw new Error('MinIO was there and was not started.');
    }
    const { bucket, env, instance } = await startOnBucket(minio, []);
    const client = minio.client(bucket);
    const hide = async (key: string) => void (await client.sendForText({ method: 'DELETE', object: key }));
    try {
      const report = await new KilledErasures(instance, env, createRandom(killsSeed), hide).run(kills);
      expect(report.kills).toBe(kills);
      if (process.env['CARMIC_KILLS'] !== undefined) {
        process.stdout.write(`${JSON.stringify({ seed: killsSeed, ...report })}\n`);
      }
    } finally {
      await instance.stop();
    }
  },
);
