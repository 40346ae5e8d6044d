/** A real MinIO server on a port and directory of its own, for one test file. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createS3Client, type S3Client, type S3Connection } from '../../server/src/storage/s3/s3Client.ts';

export interface MinioServer {
  readonly connection: Omit<S3Connection, 'bucket'>;
  /** A client for a bucket. */
  client(bucket: string): S3Client;
  /** Makes a bucket, with the server's own encryption switched on unless told otherwise. */
  createBucket(options?: { isEncrypted?: boolean; isVersioned?: boolean; isLocked?: boolean }): Promise<string>;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

export interface MinioOptions {
  /** Serves HTTPS with a certificate of its own authority. */
  isSecure?: boolean;
  region?: string;
  env?: Record<string, string>;
}

/** Starts MinIO from `path` with a key for encryption at rest. */
export async function startMinio(path: string, options: MinioOptions = {}): Promise<MinioServer> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-minio-'));
  const [data, certificates] = [join(directory, 'data'), join(directory, 'certs')];
  mkdirSync(data);
  mkdirSync(certificates);
  const ca = options.isSecure === true ? makeCertificate(certificates) : undefined;
  const port = await freePort();
  const accessKeyId = `user${randomBytes(8).toString('hex')}`;
  const secretAccessKey = randomBytes(20).toString('hex');
  const child = spawn(path, ['server', '--quiet', '--address', `127.0.0.1:${port}`, '--certs-dir', certificates, data], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: directory,
      MINIO_ROOT_USER: accessKeyId,
      MINIO_ROOT_PASSWORD: secretAccessKey,
      MINIO_KMS_SECRET_KEY: `carmic-test:${randomBytes(32).toString('base64')}`,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      MINIO_CI_CD: 'on',
      MINIO_SITE_REGION: options.region ?? 'us-east-1',
      ...options.env,
    },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const connection = {
    endpoint: `${ca === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    region: options.region ?? 'us-east-1',
    accessKeyId,
    secretAccessKey,
    isPathStyle: true,
    ...(ca === undefined ? {} : { ca }),
  };
  const clients: S3Client[] = [];
  const server: MinioServer = {
    child,
    connection,
    client(bucket) {
      const client = createS3Client({ ...connection, bucket });
      clients.push(client);
      return client;
    },
    async createBucket({ isEncrypted = true, isVersioned = false, isLocked = false } = {}) {
      const bucket = `b-${randomBytes(8).toString('hex')}`;
      const client = server.client(bucket);
      const put = (query: Record<string, string>, text: string, headers: Record<string, string> = {}) =>
        client.sendForText({ method: 'PUT', query, headers, body: Buffer.from(text) });
      await put({}, '', isLocked ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {});
      if (isEncrypted) {
        await put({ encryption: '' }, encryptionRule);
      }
      if (isVersioned) {
        await put({ versioning: '' }, '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');
      }
      return bucket;
    },
    async stop() {
      for (const client of clients) {
        client.close();
      }
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
  try {
    await answering(server, () => output);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

const encryptionRule =
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>';

async function answering(server: MinioServer, output: () => string): Promise<void> {
  const client = server.client('health');
  const endsAt = performance.now() + 60_000;
  for (;;) {
    // Asking for a bucket that is not there is answered once everything is up.
    const reply = await client.sendForText({ method: 'GET', query: { location: '' }, retries: 0 }).catch((error: unknown) => error);
    if (reply instanceof Error && reply.message.startsWith('NoSuchBucket')) {
      return;
    }
    if (server.child.exitCode !== null || performance.now() > endsAt) {
      throw new Error(`MinIO did not start: ${reply instanceof Error ? reply.message : ''}\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A port of this machine that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Makes a certificate for 127.0.0.1 that vouches for itself, and returns it. */
export function makeCertificate(directory: string): string {
  const [key, certificate] = [join(directory, 'private.key'), join(directory, 'public.crt')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', certificate, ...subject], { stdio: 'ignore' });
  return readFileSync(certificate, 'utf8');
}
