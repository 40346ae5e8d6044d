/** Ceph's S3 server on loopback, for one test file: one monitor, one store in memory, one gateway. Its programs are those of Debian's packages. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createS3Client, type S3Client, type S3Connection } from '../../server/src/storage/s3/s3Client.ts';
import { freePort } from './minio.ts';

const run = promisify(execFile);

export interface RadosGateway {
  readonly connection: Omit<S3Connection, 'bucket'>;
  createBucket(options?: { isVersioned?: boolean }): Promise<string>;
  stop(): Promise<void>;
}

/** Settings of the smallest cluster there can be: no copies, no keys, everything below one directory. */
function settings(directory: string, prefix: string, ports: { monitor: number; gateway: number }, fsid: string): string {
  const libraries = join(prefix, 'lib/x86_64-linux-gnu');
  return `[global]
fsid = ${fsid}
mon host = v1:127.0.0.1:${ports.monitor}
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 0
osd objectstore = memstore
memstore device bytes = 1073741824
run dir = ${directory}
log file = ${directory}/$name.log
admin socket = ${directory}/$name.asok
mon data = ${directory}/mon
osd data = ${directory}/osd
rgw data = ${directory}/rgw
erasure code dir = ${libraries}/ceph/erasure-code
osd class dir = ${libraries}/rados-classes
plugin dir = ${libraries}/ceph
ms bind ipv6 = false
public network = 127.0.0.0/8
rgw frontends = beast endpoint=127.0.0.1:${ports.gateway}
[client.rgw]
`;
}

const restartMs = 500;

/** Starts a cluster with the `radosgw` at `path`; the other programs lie beside it. */
export async function startRadosgw(path: string): Promise<RadosGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-ceph-'));
  const bin = dirname(path);
  const ports = { monitor: await freePort(), gateway: await freePort() };
  const fsid = randomUUID();
  const configuration = join(directory, 'ceph.conf');
  for (const name of ['mon', 'osd', 'rgw']) {
    mkdirSync(join(directory, name));
  }
  writeFileSync(configuration, settings(directory, dirname(bin), ports, fsid));
  const env = { ...process.env, CEPH_CONF: configuration, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const program = (name: string, ...words: string[]) => run(join(bin, name), words, { env, timeout: 240_000 });
  const daemons = new Set<ReturnType<typeof spawn>>();
  let isStopping = false;
  // In the foreground, so that they end with whoever has started them. An OSD that asks before it knows its monitor is told "wrong fsid" and ends:
  // such a one is started again.
  const daemon = (name: string, ...words: string[]) => {
    const child = spawn(join(bin, name), [...words, '-f'], { env, stdio: 'ignore' });
    daemons.add(child);
    child.once('close', () => {
      daemons.delete(child);
      if (!isStopping) {
        setTimeout(() => isStopping || daemon(name, ...words), restartMs);
      }
    });
  };
  const stop = async () => {
    isStopping = true;
    await Promise.all(
      [...daemons].map(
        (child) =>
          new Promise((resolve) => {
            child.once('close', resolve);
            if (!child.kill('SIGKILL')) {
              resolve(null);
            }
          }),
      ),
    );
    rmSync(directory, { recursive: true, force: true });
  };
  const accessKeyId = `user${randomBytes(8).toString('hex')}`;
  const secretAccessKey = randomBytes(20).toString('hex');
  const connection = {
    endpoint: `http://127.0.0.1:${ports.gateway}`,
    region: 'us-east-1',
    accessKeyId,
    secretAccessKey,
    isPathStyle: true,
  };
  const clients: S3Client[] = [];
  try {
    const map = join(directory, 'monmap');
    await program('monmaptool', '--create', '--addv', 'a', `[v1:127.0.0.1:${ports.monitor}]`, '--fsid', fsid, map);
    await program('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
    daemon('ceph-mon', '-i', 'a');
    const uuid = randomUUID();
    const id = (await program('ceph', 'osd', 'new', uuid)).stdout.trim();
    await program('ceph-osd', '-i', id, '--mkfs', '--osd-uuid', uuid);
    daemon('ceph-osd', '-i', id);
    daemon('radosgw', '-n', 'client.rgw');
    await program(
      'radosgw-admin',
      'user',
      'create',
      '--uid=test',
      '--display-name=test',
      `--access-key=${accessKeyId}`,
      `--secret-key=${secretAccessKey}`,
    );
    await answering(connection.endpoint);
  } catch (error) {
    const log = readFileSync(join(directory, 'client.rgw.log'), { encoding: 'utf8', flag: 'a+' }).slice(-2000);
    await stop();
    throw new Error(`Ceph did not start: ${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error });
  }
  return {
    connection,
    async createBucket({ isVersioned = false } = {}) {
      const bucket = `b-${randomBytes(8).toString('hex')}`;
      const client = createS3Client({ ...connection, bucket });
      clients.push(client);
      await client.sendForText({ method: 'PUT' });
      if (isVersioned) {
        const body = Buffer.from('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');
        await client.sendForText({ method: 'PUT', query: { versioning: '' }, body });
      }
      return bucket;
    },
    async stop() {
      for (const client of clients) {
        client.close();
      }
      await stop();
    },
  };
}

async function answering(endpoint: string): Promise<void> {
  const endsAt = performance.now() + 60_000;
  for (;;) {
    const isUp = await fetch(endpoint).then(
      (reply) => reply.ok,
      () => false,
    );
    if (isUp) {
      return;
    }
    if (performance.now() > endsAt) {
      throw new Error('the gateway does not answer');
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
