/** `makeSecrets` makes what the chart mounts, and a trial's MinIO starts with it as its pod says. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../server/src/core/clock.ts';
import { readEnv } from '../../server/src/core/env.ts';
import { readRootKeys } from '../../server/src/keyring/rootKeyFile.ts';
import { openStoreFromEnv, type StoreSurroundings } from '../../server/src/storage/storeFromEnv.ts';
import { freePort, makeCertificate } from '../support/minio.ts';
import { requireOrSkip } from '../support/requirements.ts';
import { chartFolder, parseManifests, render, requireHelm } from './support/helm.ts';
import { environmentOf, podOf, workloadsOf } from './support/manifests.ts';
import { findSchemaProblems } from './support/kubernetesTypes.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-secrets-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (args: readonly string[]) => spawnSync(join(chartFolder, 'makeSecrets'), args, { encoding: 'utf8', cwd: directory });

/** Decoded Secrets, by name and key. */
function make(args: readonly string[]): Map<string, Map<string, string>> {
  const { status, stdout, stderr } = run(args);
  expect([status, stderr]).toEqual([0, '']);
  const manifests = parseManifests(stdout);
  expect(findSchemaProblems(manifests)).toEqual([]);
  const decode = (data: Readonly<Record<string, string>>) =>
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const);
  return new Map(manifests.map(({ metadata, data = {} }) => [metadata.name, new Map(decode(data))]));
}

describe('makeSecrets', () => {
  let trial: Map<string, Map<string, string>>;
  beforeAll(() => {
    trial = make(['--trial', '--namespace', 'clips']);
  });
  const secret = (name: string, key: string) => trial.get(name)?.get(key) ?? '';

  test('makes every Secret and key that a trial mounts', (context) => {
    requireHelm(context);
    const mounted = workloadsOf(render({ values: 'trial.yaml' })).flatMap(({ pod }) =>
      (pod.spec.volumes ?? []).flatMap(({ secret: of }) => (of?.items ?? []).map(({ key }) => ({ name: of?.secretName ?? '', key }))),
    );
    expect(mounted.length).toBeGreaterThan(15);
    expect(mounted.filter(({ name, key }) => secret(name, key) === '')).toEqual([]);
  });

  test('makes a root key, addresses and certificates that fit each other', () => {
    const keyFile = join(directory, 'root-key');
    writeFileSync(keyFile, secret('carmic-root-key', 'root-key'));
    expect(readRootKeys(keyFile)).toEqual([expect.objectContaining({ length: 32 })]);
    const app = new URL(secret('carmic-database', 'app-url'));
    expect([app.host, app.username, app.password]).toEqual([
      'carmic-pgbouncer:6432',
      'carmic_app',
      secret('carmic-database', 'app-password'),
    ]);
    expect(app.searchParams.get('sslrootcert')).toBe('/run/carmic/database/ca.crt');
    const superuser = new URL(secret('carmic-database', 'superuser-url'));
    expect([superuser.host, superuser.password]).toEqual(['carmic-postgresql:5432', secret('carmic-postgresql', 'superuser-password')]);
    for (const [name, host] of [
      ['carmic-pgbouncer', app.hostname],
      ['carmic-postgresql', superuser.hostname],
      ['carmic-minio', 'carmic-minio.clips.svc'],
    ] as const) {
      const [ca, certificate] = [join(directory, 'ca.crt'), join(directory, `${name}.crt`)];
      writeFileSync(ca, secret('carmic-database', 'ca.crt'));
      writeFileSync(certificate, secret(name, 'tls.crt'));
      const verified = execFileSync('openssl', ['verify', '-CAfile', ca, '-verify_hostname', host, certificate], { encoding: 'utf8' });
      expect(verified).toContain(': OK');
    }
  });

  test('for a database elsewhere names it, trusts its authority, and makes no trial', () => {
    writeFileSync(join(directory, 'pg-ca.pem'), 'CERTIFICATE OF PG\n');
    writeFileSync(join(directory, 'superuser'), 'postgres://root:x@pg.example.com/postgres\n');
    const args = ['--release', 'clips', '--database', 'pg.example.com', '--database-ca', 'pg-ca.pem', '--superuser-url-file', 'superuser'];
    const made = make(args);
    expect([...made.keys()]).toEqual(['carmic-root-key', 'carmic-database', 'carmic-pgbouncer']);
    const database = made.get('carmic-database');
    expect(new URL(database?.get('app-url') ?? '').host).toBe('clips-carmic-pgbouncer:6432');
    expect(new URL(database?.get('owner-url') ?? '').host).toBe('pg.example.com:5432');
    expect(database?.get('superuser-url')).toBe('postgres://root:x@pg.example.com/postgres');
    expect(database?.get('ca.crt')).toMatch(/END CERTIFICATE-----\nCERTIFICATE OF PG\n$/);
    const direct = make(['--database', 'pg.example.com:6543', '--without-pgbouncer']);
    expect([...direct.keys()]).toEqual(['carmic-root-key', 'carmic-database']);
    expect(new URL(direct.get('carmic-database')?.get('app-url') ?? '').host).toBe('pg.example.com:6543');
  });

  test.each([
    [[], /say where PostgreSQL is/],
    [['--trial', '--database', 'a'], /exclude each other/],
    [['--trial', '--release', 'Carmic!'], /no name for Kubernetes/],
    [['--database', 'a', '--database-ca', 'nowhere.pem'], /nowhere\.pem cannot be read/],
    [['--colour'], /there is no option --colour/],
  ])('refuses %j with the reason', (args, reason) => {
    const { status, stdout, stderr } = run(args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(reason);
  });
});

describe('the trial’s MinIO', () => {
  beforeEach((context) => {
    requireHelm(context);
    requireOrSkip(context, 'minio');
  });

  test('started as its pod says is a storage that the server’s own checks pass', async (context) => {
    const program = requireOrSkip(context, 'minio');
    const manifests = render({ values: 'trial.yaml' });
    const [container] = podOf(manifests, 'StatefulSet', 'carmic-minio').spec.containers;
    const [script] = container?.args ?? [];
    const port = await freePort();
    const root = join(directory, 'minio');
    for (const name of ['data', 'certs', 'storage', 'minio', 'bin']) {
      mkdirSync(join(root, name), { recursive: true });
    }
    symlinkSync(program, join(root, 'bin', 'minio'));
    makeCertificate(join(root, 'certs'));
    const secrets = make(['--trial']);
    for (const [folder, name] of [
      ['storage', 'carmic-storage'],
      ['minio', 'carmic-minio'],
    ] as const) {
      for (const [key, value] of secrets.get(name) ?? []) {
        writeFileSync(join(root, folder, key), value);
      }
    }
    // The paths of the pod, in a folder of this test.
    const here = (text: string) =>
      text
        .replaceAll('/run/carmic', root)
        .replaceAll('/data', join(root, 'data'))
        .replace('/certs', join(root, 'certs'))
        .replace(':9000', `127.0.0.1:${port}`);
    const environment = Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, here(value)]));
    const child = spawn('sh', ['-ec', here(script ?? '')], {
      env: { ...environment, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`, MINIO_CI_CD: 'on' },
      stdio: 'ignore',
    });
    try {
      const config = environmentOf(
        manifests,
        podOf(manifests, 'Deployment', 'carmic-server').spec.containers[0] ?? { name: '', image: '' },
      );
      const endpoint = `https://127.0.0.1:${port}`;
      const files = Object.fromEntries(Object.entries(config).map(([name, value]) => [name, value.replace('/run/carmic', root)]));
      const env = readEnv({
        ...files,
        CARMIC_DATABASE_URL: 'postgres://a:b@c/d',
        CARMIC_DATABASE_URL_FILE: '',
        CARMIC_DATA_DIR: root,
        CARMIC_S3_ENDPOINT: endpoint,
        CARMIC_S3_PUBLIC_ENDPOINT: endpoint,
        CARMIC_S3_CA_FILE: join(root, 'certs', 'public.crt'),
      });
      const surroundings: StoreSurroundings = {
        secret: randomBytes(32),
        rootKeys: {} as StoreSurroundings['rootKeys'],
        baseUrl: () => env.CARMIC_BASE_URL ?? '',
        clock: systemClock(0),
      };
      const store = await openStoreFromEnv(env, surroundings);
      const failed = async () => (await store.check()).filter(({ passed }) => !passed).map(({ message }) => message);
      await expect.poll(failed, { timeout: 30_000 }).toEqual([]);
      expect(readFileSync(join(root, 'storage', 'access-key-id'), 'utf8')).toBe(env.CARMIC_S3_ACCESS_KEY_ID);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });
});
