/** What the Helm chart renders for a trial, run as containers, with the main job through it. No cluster was at hand: support/kubelet.ts plays its part. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chartFolder, parseManifests, render } from '../chart/support/helm.ts';
import { type Manifest, ofKind, type Workload, workloadsOf } from '../chart/support/manifests.ts';
import { until } from '../support/instance.ts';
import { makeCaptions, makeTalk, readMedia } from '../support/media.ts';
import { freePort } from '../support/minio.ts';
import { findRequirement } from '../support/requirements.ts';
import { uploadVideo } from '../support/upload.ts';
import { buildImages, type Docker, makeServiceImages, startDocker, whyNoDocker } from './support/docker.ts';
import { type Cluster, createCluster } from './support/kubelet.ts';
import { fetchThrough, signIn } from './support/site.ts';

const baseUrl = 'https://carmic.test';
const frontName = 'carmic-cluster-front';
const reason =
  (await whyNoDocker()) ??
  (findRequirement('helm').path === null ? 'no Helm is here' : null) ??
  (process.getuid?.() === 0 ? null : 'owners of files can be set by root only');
if (reason !== null && process.env['CI'] !== 'true') {
  process.stdout.write(`skipped: ${reason}\n`);
}

describe.skipIf(reason !== null && process.env['CI'] !== 'true')('the chart', () => {
  let docker: Docker;
  let cluster: Cluster;
  let manifests: readonly Manifest[];
  let folder: string;
  /** What ends everything that was started, in the order of its start. */
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    if (reason !== null) {
      throw new Error(`CI=true, and ${reason}`);
    }
    folder = mkdtempSync(join(tmpdir(), 'carmic-chart-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    docker = await startDocker();
    ends.push(() => docker.stop());
    await makeServiceImages(docker);
    await buildImages(docker);
    manifests = render({
      values: 'trial.yaml',
      set: {
        baseUrl,
        trustedProxies: ['172.16.0.0/12', '192.168.0.0/16', '10.0.0.0/8'],
        'trial.minio.host': 's3.carmic.test',
        'agents.authoritySecret': 'front-authority',
      },
    });
    cluster = await createCluster(docker, manifests);
    ends.push(() => cluster.stop());
  }, 3_600_000);
  afterAll(async () => {
    for (const end of ends.reverse()) {
      await end();
    }
  }, 300_000);

  test('installs as docs/kubernetes.md says, and a video becomes clips through it', async () => {
    const port = await startFront(docker, cluster, manifests, folder);
    ends.push(() => docker.run(['rm', '-f', frontName]));
    const text = execFileSync(join(chartFolder, 'makeSecrets'), ['--trial', '--namespace', 'clips'], { encoding: 'utf8' });
    for (const { metadata, data = {} } of parseManifests(text)) {
      cluster.secret(metadata.name, Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')])));
    }
    const ca = readFileSync(join(folder, 'ca.crt'), 'utf8');
    cluster.secret('front-authority', { 'ca.crt': ca });
    const isAgent = ({ manifest }: Workload) => manifest.metadata.labels?.['carmic.dev/role'] === 'agent';
    const workloads = workloadsOf(manifests).filter(({ manifest }) => manifest.kind !== 'CronJob');
    // All at once, as a cluster does it: whoever is early waits or starts anew.
    await cluster.run(workloads.filter((each) => !isAgent(each)));
    const [server = ''] = cluster.containersOf('Deployment/carmic-server');
    const carmic = async (...args: string[]) => (await docker.run(['exec', server, 'carmic', ...args])).trim().split('\n').at(-1) ?? '';
    cluster.secret('carmic-agents', { code: await carmic('enrolment-code', '--agents', '10', '--days', '30') });
    await cluster.run(workloads.filter(isAgent));

    const fetch = fetchThrough({ ca, port });
    const token = /token=(\S+)/.exec(await carmic('first-link'))?.[1] ?? '';
    const call = await signIn(baseUrl, token, fetch);
    const wishes = { clipCount: 1 };
    const sent = await uploadVideo(call, baseUrl, readMedia(await makeTalk({ seconds: 32 })), {
      captions: makeCaptions(32),
      wishes,
      fetch,
    });
    const [worker = ''] = cluster.containersOf('Deployment/carmic-worker');
    process.kill(Number(await docker.run(['inspect', '-f', '{{.State.Pid}}', worker])), 'SIGKILL');
    const video = await until(
      'the video to end',
      async () => {
        const now = await call('getVideo', { params: { id: sent.id } }).catch(() => null);
        return now !== null && (now.state === 'ready' || now.state === 'failed') ? now : null;
      },
      600_000,
    );
    expect(video.failure).toBeNull();
    const { items } = await call('listClips', { params: { id: sent.id } });
    const reply = await fetch(new URL(items[0]?.renditions[0]?.media.downloadUrl ?? '', baseUrl).href);
    expect(reply.status).toBe(200);
    // The link leads on to the bucket, through the second Ingress.
    expect(new URL(reply.url).hostname).toBe('s3.carmic.test');
    expect(
      Buffer.from(await reply.arrayBuffer())
        .subarray(4, 8)
        .toString(),
    ).toBe('ftyp');
  }, 1_800_000);
});

/** What an ingress controller does with the chart's Ingresses: TLS 1.3 for each host, and on to the Service. Answers the port on this machine. */
async function startFront(docker: Docker, { network }: Cluster, manifests: readonly Manifest[], folder: string): Promise<number> {
  interface Rule {
    host: string;
    http: { paths: { backend: { service: { name: string; port: { name: string } } } }[] };
  }
  const rules = ofKind(manifests, 'Ingress').flatMap(({ spec }) => (spec?.['rules'] ?? []) as Rule[]);
  const sites = rules.map(({ host, http }) => {
    const service = http.paths[0]?.backend.service ?? expect.fail(`no service for ${host}`);
    const ports = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === service.name)?.spec?.ports as
      { name: string; port: number }[] | undefined;
    const port = ports?.find(({ name }) => name === service.port.name)?.port ?? expect.fail(`no port for ${host}`);
    const isTls = service.port.name === 's3';
    return `https://${host} {
	tls /front/front.crt /front/front.key {
		protocols tls1.3 tls1.3
	}
	reverse_proxy ${isTls ? 'https' : 'http'}://${service.name}:${port} {
		header_up Host {http.request.hostport}
		header_up X-Forwarded-For {remote_host}
		flush_interval -1
${isTls ? '		transport http {\n			tls_insecure_skip_verify\n		}\n' : ''}	}
}`;
  });
  writeFileSync(join(folder, 'Caddyfile'), `{\n	admin off\n	auto_https off\n}\n\n${sites.join('\n\n')}\n`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const names = rules.map(({ host }) => `DNS:${host}`).join(',');
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Front', '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=front', '-keyout', 'front.key', '-out', 'front.csr');
  writeFileSync(join(folder, 'names'), `subjectAltName=${names}\n`);
  openssl('x509', '-req', '-in', 'front.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', '2', '-extfile', 'names', '-out', 'front.crt');
  const port = await freePort();
  const options = ['--name', frontName, '--publish', `127.0.0.1:${port}:443`, '--volume', `${folder}:/front:ro`, '--restart', 'always'];
  await docker.run(['create', ...options, 'caddy:2.10.2-alpine', 'caddy', 'run', '--config', '/front/Caddyfile', '--adapter', 'caddyfile']);
  await docker.run(['network', 'connect', ...rules.flatMap(({ host }) => ['--alias', host]), network, frontName]);
  await docker.run(['start', frontName]);
  return port;
}
