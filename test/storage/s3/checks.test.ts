import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storage } from '../../../console/src/messages/storage.de.ts';
import { awaitMinio } from '../../../scripts/fetchMinio.mjs';
import { keys } from '../../../server/src/storage/keys.ts';
import type { StorageCheck } from '../../../server/src/storage/objectStore.ts';
import { createS3Client } from '../../../server/src/storage/s3/s3Client.ts';
import { freePort, type MinioServer, startMinio } from '../../support/minio.ts';
import { requireOrSkip } from '../../support/requirements.ts';
import { startForgetfulProxy } from './forgetfulProxy.ts';
import { type S3Harness, type S3HarnessOptions, startS3Harness } from './s3Harness.ts';

const path = await awaitMinio();
const newSource = () => keys.source(randomUUID(), randomUUID());
const video = { contentType: 'video/mp4' };

if (path === null) {
  it('needs a MinIO server', (context) => requireOrSkip(context, 'minio'));
} else {
  describe('a bucket', () => {
    let server: MinioServer;
    const opened: S3Harness[] = [];
    beforeAll(async () => {
      server = await startMinio(path, { env: { MINIO_API_CORS_ALLOW_ORIGIN: 'http://console.test', MINIO_DOMAIN: 's3.test' } });
    });
    afterAll(async () => {
      await Promise.all(opened.map((harness) => harness.close()));
      await server.stop();
    });

    const open = async (options: S3HarnessOptions) => {
      const harness = await startS3Harness(server, options);
      opened.push(harness);
      return harness;
    };
    const failed = async (options: S3HarnessOptions): Promise<StorageCheck[]> => {
      const found = (await (await open(options)).store.check()).filter((check) => !check.passed);
      // Each can be told in German from its code and values alone.
      for (const check of found) {
        expect(Object.values(storage.storage.found(check)).join(' '), check.finding).not.toMatch(/undefined|null/);
      }
      return found;
    };
    const settings = (bucket: string, query: Record<string, string>, body: string) =>
      server.client(bucket).sendForText({
        method: 'PUT',
        query,
        headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
        body: Buffer.from(body),
      });

    it('passes every check when it is as it must be, and holds nothing afterwards', async () => {
      const { store } = await open({ bucket: await server.createBucket({ isVersioned: true }) });
      const checks = await store.check();
      expect(checks.filter((check) => !check.passed)).toEqual([]);
      expect(checks.map((check) => check.name)).toEqual([
        'reachable',
        'clock_skew',
        'object_lock',
        'versioning',
        'lifecycle',
        'cors',
        'encryption_at_rest',
        'public_access',
        'checksums',
        'no_replacement',
        'round_trip',
      ]);
      for (const check of checks) {
        expect(check.message).toMatch(/^[A-Z].*\.$/);
      }
      for await (const version of store.listVersions('')) {
        expect.unreachable(`${version.key} was left behind`);
      }
    });

    it('is refused when it does not encrypt, until the command that is named has been obeyed', async () => {
      const bucket = await server.createBucket({ isEncrypted: false });
      const [check, ...others] = await failed({ bucket });
      expect(others).toEqual([]);
      expect(check).toMatchObject({ name: 'encryption_at_rest', isFatal: true });
      expect(check?.command).toMatch(
        new RegExp(`^aws --endpoint-url ${server.connection.endpoint} s3api put-bucket-encryption --bucket ${bucket} `),
      );
      const rule = JSON.parse(/configuration '(.*)'$/.exec(check?.command ?? '')?.[1] ?? '{}') as {
        Rules: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: string } }[];
      };
      const algorithm = rule.Rules[0]?.ApplyServerSideEncryptionByDefault.SSEAlgorithm ?? '';
      await settings(
        bucket,
        { encryption: '' },
        `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
      );
      expect(await failed({ bucket })).toEqual([]);
    });

    it('may leave encryption to every write: SSE-S3 and SSE-KMS are seen on the object', async () => {
      const bucket = await server.createBucket({ isEncrypted: false });
      expect(await failed({ bucket, encryption: { kind: 'sse-s3' } })).toEqual([]);
      expect(await failed({ bucket, encryption: { kind: 'sse-kms', keyId: 'carmic-test' } })).toEqual([]);
      const { store } = await open({ bucket, encryption: { kind: 'sse-kms', keyId: 'carmic-test' } });
      const key = newSource();
      const target = await store.presignPut(key, { expiresInSeconds: 60, ...video, maxBytes: 10, objectId: randomUUID() });
      expect((await fetch(target.url, { method: 'PUT', headers: target.headers, body: 'hello' })).status).toBe(200);
      const { headers } = await server.client(bucket).sendForText({ method: 'HEAD', object: key });
      expect(headers['x-amz-server-side-encryption']).toBe('aws:kms');
    });

    it('is refused with object lock', async () => {
      const checks = await failed({ bucket: await server.createBucket({ isLocked: true }) });
      expect(checks).toContainEqual(expect.objectContaining({ name: 'object_lock', isFatal: true }));
      expect(checks.find((check) => check.name === 'object_lock')?.remedy).toMatch(/another bucket/);
    });

    it('is refused on a server that does not keep the SHA-256 of parts, as Ceph before version 20', async () => {
      const forgetful = await startForgetfulProxy(server.connection.endpoint);
      try {
        const harness = await startS3Harness(
          { connection: { ...server.connection, endpoint: forgetful.endpoint } },
          { bucket: await server.createBucket() },
        );
        const checks = (await harness.store.check()).filter((check) => !check.passed);
        await harness.close();
        expect(checks).toEqual([
          expect.objectContaining({
            name: 'checksums',
            isFatal: true,
            message: 'The storage does not keep the SHA-256 of parts, so that uploads could not be verified.',
            remedy: expect.stringContaining('Ceph 20') as unknown,
          }),
        ]);
      } finally {
        await forgetful.close();
      }
    });

    it('is refused when strangers can read it', async () => {
      const bucket = await server.createBucket();
      const statement = { Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/*`] };
      await settings(bucket, { policy: '' }, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }));
      expect(await failed({ bucket })).toEqual([
        expect.objectContaining({
          name: 'public_access',
          isFatal: true,
          command: expect.stringContaining('delete-bucket-policy') as unknown,
        }),
      ]);
    });

    it('is complained of when a lifecycle rule deletes what a plan keeps', async () => {
      const bucket = await server.createBucket();
      await settings(
        bucket,
        { lifecycle: '' },
        '<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>',
      );
      expect(await failed({ bucket })).toEqual([
        expect.objectContaining({ name: 'lifecycle', isFatal: false, message: expect.stringContaining('tidy') as unknown }),
      ]);
    });

    it('is used though its address for browsers does not answer from here, and that is told', async () => {
      const publicEndpoint = `https://127.0.0.1:${await freePort()}`;
      expect(await failed({ bucket: await server.createBucket(), publicEndpoint })).toEqual([
        expect.objectContaining({ name: 'cors', isFatal: false, message: expect.stringContaining('does not answer from here') as unknown }),
      ]);
    });

    it('is complained of when the console may not write to it', async () => {
      const bucket = await server.createBucket();
      const [check] = await failed({ bucket, origins: () => ['https://elsewhere.test'] });
      expect(check).toMatchObject({ name: 'cors', isFatal: false });
      expect(check?.command).toContain('https://elsewhere.test');
    });

    it.each([
      ['does not exist', { bucket: 'b-nowhere' }, /There is no bucket b-nowhere/],
      ['gets a wrong secret', { secretAccessKey: 'wrong' }, /does not accept the access key/],
      ['gets an unknown key', { accessKeyId: 'nobody' }, /does not accept the access key/],
      ['is looked for in another region', { region: 'eu-central-7' }, /not in the region eu-central-7/],
      ['is not reachable', { endpoint: 'http://127.0.0.1:9' }, /cannot be used: ConnectionFailed/],
    ])('that %s is one plain sentence', async (_, wrong, message) => {
      const bucket = await server.createBucket();
      const checks = await failed({ bucket, ...wrong });
      expect(checks).toEqual([
        expect.objectContaining({ name: 'reachable', isFatal: true, message: expect.stringMatching(message) as unknown }),
      ]);
      expect(checks[0]?.message).not.toContain(server.connection.secretAccessKey);
    });

    it('never lets a late PUT replace what is there, or bring back what was deleted into view', async () => {
      const { store, unreadable } = await open({ bucket: await server.createBucket() });
      const key = newSource();
      const target = await store.presignPut(key, { expiresInSeconds: 60, ...video, maxBytes: 10, objectId: randomUUID() });
      const put = (body: string, headers = target.headers) => fetch(target.url, { method: 'PUT', headers, body });
      expect((await put('verified')).status).toBe(200);
      expect((await put('too late')).status).toBe(412);
      const { 'if-none-match': _, ...without } = target.headers;
      expect([400, 403]).toContain((await put('cheating', without)).status);
      expect((await (await store.get(key)).stream.toArray()).join('')).toBe('verified');

      const view = store.presignView(key, { expiresInSeconds: 60, ...video });
      expect((await fetch(view)).status).toBe(200);
      unreadable.add(key);
      await store.delete([key]);
      expect((await put('too late')).status).toBe(200);
      expect((await fetch(view)).status).toBe(404);
      // It is found by whoever holds the store against the rows.
      const found: string[] = [];
      for await (const object of store.list('')) {
        found.push(object.key);
      }
      expect(found).toEqual([key]);
    });

    it('sends people on for no longer than the content may be read, and checks every time', async () => {
      const { store, unreadable } = await open({ bucket: await server.createBucket() });
      const key = newSource();
      await store.put(key, Buffer.from('words'), { ...video, maxBytes: 5 });
      const view = store.presignView(key, { expiresInSeconds: 60, ...video });
      const reply = await fetch(view, { redirect: 'manual' });
      expect([reply.status, reply.headers.get('cache-control')]).toEqual([302, 'no-store']);
      const target = new URL(reply.headers.get('location') ?? '');
      expect(target.origin).toBe(server.connection.endpoint);
      expect(Number(target.searchParams.get('X-Amz-Expires'))).toBeLessThanOrEqual(3600);
      unreadable.add(key);
      expect((await fetch(view, { redirect: 'manual' })).status).toBe(404);
    });

    it('works with the bucket in the name of the host', async () => {
      const bucket = await server.createBucket();
      const { port } = new URL(server.connection.endpoint);
      const client = createS3Client({ ...server.connection, bucket, endpoint: `http://s3.test:${port}`, isPathStyle: false });
      const url = new URL(client.presign({ method: 'PUT', object: 'probe/x', headers: { 'if-none-match': '*' } }, 60));
      client.close();
      expect(url.hostname).toBe(`${bucket}.s3.test`);
      // The name leads nowhere here: the request goes to the server's address and names the host, as it does behind a real name.
      const status = await new Promise<number>((resolve, reject) => {
        const call = request(
          { host: '127.0.0.1', port, method: 'PUT', path: url.pathname + url.search, headers: { host: url.host, 'if-none-match': '*' } },
          (reply) => {
            reply.resume();
            resolve(reply.statusCode ?? 0);
          },
        );
        call.on('error', reject);
        call.end('hello');
      });
      expect(status).toBe(200);
      const { text } = await server.client(bucket).sendForText({ method: 'GET', object: 'probe/x' });
      expect(text).toBe('hello');
    });

    it('removes every version of more objects than one call takes', async () => {
      const bucket = await server.createBucket({ isVersioned: true });
      const { store } = await open({ bucket });
      const [workspaceId, videoId] = [randomUUID(), randomUUID()];
      const made = Array.from({ length: 120 }, () => keys.captions(workspaceId, videoId, randomUUID()));
      for (let start = 0; start < made.length; start += 20) {
        await Promise.all(made.slice(start, start + 20).map((key) => store.put(key, Buffer.from('x'), { ...video, maxBytes: 1 })));
      }
      await store.put(made[0] ?? '', Buffer.from('y'), { ...video, maxBytes: 1 });
      await store.delete(made);
      for await (const version of store.listVersions('')) {
        expect.unreachable(`${version.key} ${version.versionId} was left behind`);
      }
    });
  });

  describe('a bucket behind a certificate of its own authority', () => {
    let server: MinioServer;
    beforeAll(async () => {
      server = await startMinio(path, { isSecure: true });
    });
    afterAll(() => server.stop());

    it('is trusted by that certificate only', async () => {
      const bucket = await server.createBucket();
      const { ca: _, ...stranger } = server.connection;
      const { store, close } = await startS3Harness({ connection: stranger }, { bucket });
      expect(await store.check()).toEqual([
        expect.objectContaining({ name: 'reachable', isFatal: true, message: expect.stringMatching(/self-signed certificate/) as unknown }),
      ]);
      await close();
    });

    it('keeps objects under keys that it does not keep (SSE-C), one for each object, and people read through this server', async () => {
      const bucket = await server.createBucket({ isEncrypted: false });
      const secret = randomBytes(32);
      const harness = await startS3Harness(server, { bucket, secret, encryption: { kind: 'sse-c', secret } });
      const { store } = harness;
      const cors = (check: StorageCheck) => check.name !== 'cors';
      expect((await store.check()).filter((check) => !check.passed && cors(check))).toEqual([]);
      const key = newSource();
      const parts = [randomBytes(8 * 1024 * 1024), randomBytes(100)];
      const { uploadId } = await store.createMultipart(key, {
        sizeBytes: 8 * 1024 * 1024 + 100,
        partSizeBytes: 8 * 1024 * 1024,
        ...video,
      });
      const named = parts.map((body, index) => ({
        partNumber: index + 1,
        sizeBytes: body.length,
        sha256: createHash('sha256').update(body).digest('hex'),
        body,
      }));
      for (const part of named) {
        await store.putPart(key, uploadId, part);
      }
      expect(await store.listParts(key, uploadId)).toHaveLength(2);
      await store.completeMultipart(key, uploadId, named);
      const whole = Buffer.concat(parts);
      const view = store.presignView(key, { expiresInSeconds: 60, ...video });
      const reply = await fetch(view, { headers: { range: 'bytes=8388600-8388660' }, redirect: 'error' });
      expect(reply.status).toBe(206);
      expect(Buffer.from(await reply.arrayBuffer()).equals(whole.subarray(8388600, 8388661))).toBe(true);
      // Without the key the server itself cannot give it out, and another object's key does not fit.
      const client = server.client(bucket);
      await expect(client.sendForText({ method: 'GET', object: key })).rejects.toMatchObject({ status: 400 });
      const other = await store.presignPart(newSource(), 'x', { partNumber: 1, sha256: '0'.repeat(64), expiresInSeconds: 60 });
      const { 'x-amz-checksum-sha256': __, ...wrongKey } = other.headers;
      await expect(client.sendForText({ method: 'GET', object: key, headers: wrongKey })).rejects.toMatchObject({ status: 403 });
      const stranger = await startS3Harness(server, { bucket, encryption: { kind: 'sse-c', secret: randomBytes(32) } });
      await expect(stranger.store.get(key)).rejects.toMatchObject({ code: 'unavailable' });
      await stranger.close();
      await harness.close();
    });
  });
}
