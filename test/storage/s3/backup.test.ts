/** Backups in a bucket, of objects in a bucket, put back onto a disk. */
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awaitMinio } from '../../../scripts/fetchMinio.mjs';
import { readEnv } from '../../../server/src/core/env.ts';
import { createLog } from '../../../server/src/core/log.ts';
import { startServer } from '../../../server/src/main.ts';
import { openPlace } from '../../../server/src/operate/backup/place.ts';
import { keys } from '../../../server/src/storage/keys.ts';
import { carmic, environmentOf } from '../../support/carmicCommand.ts';
import { startInstance, type TestInstance } from '../../support/instance.ts';
import { type MinioServer, startMinio } from '../../support/minio.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { requireOrSkip } from '../../support/requirements.ts';
import { uploadVideo } from '../../support/upload.ts';

const path = await awaitMinio();

if (path === null) {
  it('needs a MinIO server', (context) => requireOrSkip(context, 'minio'));
} else {
  describe('a backup in a bucket', () => {
    const folder = mkdtempSync(join(tmpdir(), 'carmic-bucket-'));
    let server: MinioServer;
    let instance: TestInstance;
    let place: string;
    let access: Record<string, string>;
    let storage: Record<string, string>;
    beforeAll(async () => {
      server = await startMinio(path);
      const { accessKeyId, endpoint, secretAccessKey } = server.connection;
      access = {
        CARMIC_BACKUP_S3_ENDPOINT: endpoint,
        CARMIC_BACKUP_S3_ACCESS_KEY_ID: accessKeyId,
        CARMIC_BACKUP_S3_SECRET_ACCESS_KEY: secretAccessKey,
      };
      storage = {
        CARMIC_STORAGE: 's3',
        CARMIC_S3_ENDPOINT: endpoint,
        CARMIC_S3_BUCKET: await server.createBucket(),
        CARMIC_S3_ACCESS_KEY_ID: accessKeyId,
        CARMIC_S3_SECRET_ACCESS_KEY: secretAccessKey,
      };
      place = `s3://${await server.createBucket()}/carmic`;
      instance = await startInstance({ env: storage });
    });
    afterAll(async () => {
      await instance.stop();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('keeps files of any size, lists and removes them, and tells what is wrong', async () => {
      const env = (more: Record<string, string> = {}) => readEnv({ ...environmentOf(instance), ...access, ...more });
      const opened = await openPlace(env(), place);
      const collect = async (name: string) => {
        const source = await opened.read(name);
        const pieces: Uint8Array[] = [];
        for await (const piece of source ?? []) {
          pieces.push(piece);
        }
        return source === null ? null : Buffer.concat(pieces);
      };
      async function* inPieces(bytes: Buffer) {
        for (let start = 0; start < bytes.length; start += 700_000) {
          yield await Promise.resolve(bytes.subarray(start, start + 700_000));
        }
      }
      const large = randomBytes(17 * 1024 * 1024);
      await opened.write('a/large', inPieces(large));
      await opened.write('a/small', inPieces(Buffer.from('small')));
      expect((await collect('a/large'))?.equals(large)).toBe(true);
      expect(await collect('a/nothing')).toBeNull();
      const listed: string[] = [];
      for await (const file of opened.list('a/')) {
        listed.push(`${file.path} ${file.sizeBytes}`);
      }
      expect(listed.sort()).toEqual([`a/large ${large.length}`, 'a/small 5']);
      await opened.remove(['a/large', 'a/small', 'a/nothing']);
      expect(await collect('a/small')).toBeNull();
      await expect(openPlace(env(), 's3://no-such-bucket-here')).rejects.toThrow(/There is no bucket no-such-bucket-here/);
      await expect(openPlace(env({ CARMIC_BACKUP_S3_SECRET_ACCESS_KEY: 'wrong' }), place)).rejects.toThrow(/cannot be used/);
    });

    it('is taken of a bucket and put back onto a disk, with every byte', async () => {
      const caller = await instance.createCaller();
      const bytes = randomBytes(9 * 1024 * 1024);
      const video = await uploadVideo(caller.call, instance.baseUrl, bytes);
      const settings = { ...environmentOf(instance), ...storage, ...access, CARMIC_BACKUP_TO: place };
      expect(await carmic(settings, 'backup', '--json')).toMatchObject({ code: 0, data: { copiedObjects: 1, problems: [] } });
      expect(await carmic(settings, 'verify', '--json')).toMatchObject({ code: 0, data: { objects: 1, problems: [] } });
      const database = await createTestDatabase({ isEmpty: true });
      const directory = join(folder, 'data');
      mkdirSync(directory, { mode: 0o700 });
      copyFileSync(join(instance.directory, 'root.key'), join(directory, 'root.key'));
      const fresh = { ...environmentOf({ database, directory }), ...access };
      const restored = await carmic(fresh, 'restore', '--from', place, '--json');
      expect(restored, restored.err).toMatchObject({ code: 0, data: { objects: 1 } });
      const started = await startServer({ env: { ...fresh, CARMIC_PORT: '0' }, processes: [], log: createLog({ level: 'silent' }) });
      try {
        const { stream } = await started.deps.store.get(keys.source(caller.workspaceId, video.id));
        const hash = createHash('sha256');
        for await (const piece of stream as AsyncIterable<Buffer>) {
          hash.update(piece);
        }
        expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
      } finally {
        await started.close();
        await database.drop();
      }
    });
  });
}
