/**
 * Runs rendered manifests as containers: what Kubernetes would do with them, as far as Docker can. Secrets, ConfigMaps and volumes become folders with the
 * owners and modes that a kubelet gives them; users, groups, capabilities and read-only roots become options; Services become names; init
 * containers run first; probes are asked. Not done: NetworkPolicies (one network without a way out stands for all), placement, scaling,
 * rolling updates. It needs root, for the owners of files.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import type { Container, Labels, Manifest, PodTemplate, Workload } from '../../chart/support/manifests.ts';
import type { Docker } from './docker.ts';

type Files = Readonly<Record<string, Uint8Array | string>>;

interface Probe {
  exec?: { command: readonly string[] };
  httpGet?: { path: string; port: string | number; scheme?: string };
  tcpSocket?: { port: string | number };
}
interface SecretFiles {
  items?: readonly { key: string; path: string }[];
}
interface PodVolume {
  name: string;
  emptyDir?: object;
  configMap?: { name: string };
  secret?: SecretFiles & { secretName: string; defaultMode?: number };
  projected?: { defaultMode?: number; sources: readonly { secret: SecretFiles & { name: string } }[] };
  persistentVolumeClaim?: { claimName: string };
}
interface Security {
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
  supplementalGroups?: readonly number[];
  readOnlyRootFilesystem?: boolean;
  allowPrivilegeEscalation?: boolean;
  capabilities?: { drop?: readonly string[] };
}
type FullContainer = Container & { command?: readonly string[] };

export interface Cluster {
  /** Network of the pods, which leads nowhere. */
  readonly network: string;
  secret(name: string, files: Files): void;
  /** Starts pods; resolves when every Job is done and every container ready. */
  run(workloads: readonly Workload[]): Promise<void>;
  /** Names of the containers of a workload. */
  containersOf(title: string): string[];
  stop(): Promise<void>;
}

const longestStartMs = 900_000;

/** Makes an empty cluster that knows what is not a pod: ConfigMaps, Services and claims. */
export async function createCluster(docker: Docker, manifests: readonly Manifest[]): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'carmic-cluster-'));
  chmodSync(folder, 0o755);
  const network = `carmic-cluster-${process.pid}`;
  await docker.run(['network', 'create', '--internal', network]);
  const secrets = new Map<string, Files>();
  const started = new Map<string, string[]>();
  const byName = (kind: string, name: string) => manifests.find((each) => each.kind === kind && each.metadata.name === name);
  const filesOfConfigMap = (name: string): Files => byName('ConfigMap', name)?.data ?? fail(`There is no ConfigMap ${name}.`);
  const filesOfSecret = (name: string): Files => secrets.get(name) ?? fail(`There is no Secret ${name}.`);

  const folderFor = (path: string, { fsGroup = 0 }: Security, mode: number): string => {
    mkdirSync(path, { recursive: true });
    chownSync(path, 0, fsGroup);
    chmodSync(path, mode);
    return path;
  };
  const putFiles = (path: string, files: Files, security: Security, mode: number): string => {
    folderFor(path, security, 0o755);
    for (const [name, body] of Object.entries(files)) {
      writeFileSync(join(path, name), body);
      chownSync(join(path, name), 0, security.fsGroup ?? 0);
      chmodSync(join(path, name), mode);
    }
    return path;
  };
  const chosenFiles = (name: string, { items }: SecretFiles): Files => {
    const files = filesOfSecret(name);
    const chosen = items ?? Object.keys(files).map((key) => ({ key, path: key }));
    return Object.fromEntries(chosen.map(({ key, path }) => [path, files[key] ?? fail(`${name} has no key ${key}.`)]));
  };
  const materialise = (pod: string, volume: PodVolume, security: Security): string => {
    const path = join(folder, pod, volume.name);
    if (volume.configMap !== undefined) {
      return putFiles(path, filesOfConfigMap(volume.configMap.name), security, 0o644);
    }
    if (volume.secret !== undefined) {
      return putFiles(path, chosenFiles(volume.secret.secretName, volume.secret), security, volume.secret.defaultMode ?? 0o644);
    }
    if (volume.projected !== undefined) {
      const parts = volume.projected.sources.map(({ secret }) => chosenFiles(secret.name, secret));
      return putFiles(path, Object.assign({}, ...parts) as Files, security, volume.projected.defaultMode ?? 0o644);
    }
    const claim = volume.persistentVolumeClaim?.claimName;
    return folderFor(claim === undefined ? path : join(folder, 'claims', claim), security, claim === undefined ? 0o2777 : 0o2775);
  };

  const environmentOf = (pod: string, { env = [], envFrom = [] }: FullContainer): string[] => {
    const values: Record<string, string> = {};
    for (const { configMapRef } of envFrom) {
      Object.assign(values, configMapRef === undefined ? {} : filesOfConfigMap(configMapRef.name));
    }
    for (const { name, value, valueFrom } of env) {
      const ref = valueFrom?.secretKeyRef;
      values[name] =
        ref === undefined ? (value ?? pod) : String(filesOfSecret(ref.name)[ref.key] ?? fail(`${ref.name} has no ${ref.key}.`));
    }
    return Object.entries(values).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  };
  const namesOf = (labels: Labels): string[] =>
    manifests
      .filter(({ kind, spec }) => kind === 'Service' && spec !== undefined)
      .filter(({ spec }) => Object.entries((spec?.selector ?? {}) as Labels).every(([key, value]) => labels[key] === value))
      .flatMap(({ metadata }) => ['--network-alias', metadata.name]);

  const optionsOf = (pod: string, template: PodTemplate, container: FullContainer, claims: readonly string[]): string[] => {
    const security: Security = { ...template.spec.securityContext, ...container.securityContext };
    const groups = [...(security.fsGroup === undefined ? [] : [security.fsGroup]), ...(security.supplementalGroups ?? [])];
    const volumes = [
      ...((template.spec.volumes ?? []) as readonly PodVolume[]),
      ...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: `${pod}-${name}` } })),
    ];
    const mounts = (container.volumeMounts ?? []).flatMap(({ name, mountPath, readOnly }) => {
      const volume = volumes.find((each) => each.name === name) ?? fail(`${pod} has no volume ${name}.`);
      return ['--volume', `${materialise(pod, volume, security)}:${mountPath}${readOnly === true ? ':ro' : ''}`];
    });
    const memory = container.resources?.limits?.['memory'];
    return [
      ...['--network', network, '--hostname', pod, ...namesOf(template.metadata.labels)],
      ...(security.runAsUser === undefined ? [] : ['--user', `${security.runAsUser}:${security.runAsGroup ?? security.runAsUser}`]),
      ...groups.flatMap((group) => ['--group-add', String(group)]),
      ...(security.readOnlyRootFilesystem === true ? ['--read-only'] : []),
      ...(security.capabilities?.drop ?? []).flatMap((name) => ['--cap-drop', name]),
      ...(security.allowPrivilegeEscalation === false ? ['--security-opt', 'no-new-privileges'] : []),
      ...(memory === undefined ? [] : ['--memory', String(memory).replace('Gi', 'g').replace('Mi', 'm')]),
      ...environmentOf(pod, container),
      ...mounts,
      ...(container.command === undefined ? [] : ['--entrypoint', container.command[0] ?? '']),
      container.image,
      ...(container.command ?? []).slice(1),
      ...(container.args ?? []),
    ];
  };

  const isReady = async (name: string, { readinessProbe, ports = [] }: FullContainer): Promise<boolean> => {
    const { exec, httpGet, tcpSocket } = (readinessProbe ?? {}) as Probe;
    const addressOf = async () =>
      (await docker.run(['inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', name])).trim();
    const numberOf = (wanted: string | number) => ports.find((each) => each.name === wanted)?.containerPort ?? Number(wanted);
    try {
      if (exec !== undefined) {
        await docker.run(['exec', name, ...exec.command]);
      }
      if (httpGet !== undefined) {
        const site = `${(httpGet.scheme ?? 'HTTP').toLowerCase()}://${await addressOf()}:${numberOf(httpGet.port)}`;
        const reply = await fetch(`${site}${httpGet.path}`, {
          dispatcher: new Agent({ connect: { rejectUnauthorized: false } }),
        });
        return reply.ok;
      }
      if (tcpSocket !== undefined) {
        return await answers(await addressOf(), numberOf(tcpSocket.port));
      }
      return true;
    } catch {
      return false;
    }
  };
  const waitFor = async (name: string, look: () => Promise<boolean>): Promise<void> => {
    for (const endsAt = performance.now() + longestStartMs; !(await look()); await pause(500)) {
      if (performance.now() > endsAt) {
        throw new Error(`${name} did not get ready:\n${await docker.run(['logs', '--tail', '40', name]).catch(String)}`);
      }
    }
  };

  const runWorkload = async ({ title, manifest, pod: template }: Workload): Promise<void> => {
    const claims = ((manifest.spec?.volumeClaimTemplates ?? []) as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    for (let index = 0; index < (manifest.spec?.replicas ?? 1); index += 1) {
      const pod = `${manifest.metadata.name}-${index}`;
      for (const container of template.spec.initContainers ?? []) {
        await docker.run(['run', '--rm', ...optionsOf(pod, template, container, claims)], { timeoutMs: longestStartMs });
      }
      for (const container of template.spec.containers) {
        const name = `${network}-${pod}-${container.name}`;
        started.set(title, [...(started.get(title) ?? []), name]);
        const isJob = manifest.kind === 'Job';
        const retries = Number(manifest.spec?.['backoffLimit'] ?? 6);
        await docker.run([
          'run',
          '-d',
          '--name',
          name,
          '--restart',
          isJob ? `on-failure:${retries}` : 'always',
          ...optionsOf(pod, template, container, claims),
        ]);
        await waitFor(name, async () => {
          if (!isJob) {
            return isReady(name, container);
          }
          const state = (await docker.run(['inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', name])).trim();
          if (state.startsWith('exited') && !state.startsWith('exited 0 ') && state.endsWith(` ${retries}`)) {
            fail(`${name} failed: ${state}\n${await docker.run(['logs', '--tail', '40', name]).catch(String)}`);
          }
          return state.startsWith('exited 0 ');
        });
      }
    }
  };

  return {
    network,
    secret: (name, files) => void secrets.set(name, files),
    run: async (workloads) => void (await Promise.all(workloads.map(runWorkload))),
    containersOf: (title) => started.get(title) ?? [],
    async stop() {
      const names = [...started.values()].flat();
      if (names.length > 0) {
        await docker.run(['rm', '-f', '-v', ...names], { timeoutMs: 120_000 });
      }
      await docker.run(['network', 'rm', network]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

function fail(message: string): never {
  throw new Error(message);
}
