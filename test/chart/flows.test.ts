/** Which pod may call which, worked out from the NetworkPolicies as a network plugin does: exactly what docs/kubernetes.md, “Networks”, says. */
import { beforeEach, expect, test } from 'vitest';
import { render, type RenderOptions, requireHelm } from './support/helm.ts';
import {
  containersOf,
  type Labels,
  type Manifest,
  type NetworkRule,
  ofKind,
  type Peer,
  selects,
  workloadsOf,
} from './support/manifests.ts';

beforeEach((context) => {
  requireHelm(context);
});

interface Pod {
  name: string;
  labels: Labels;
  /** Labels of its namespace. */
  namespace: Labels;
  isOurs: boolean;
}

const outsiders: readonly Pod[] = [
  ['front', 'ingress-nginx'],
  ['prometheus', 'monitoring'],
  ['stranger', 'default'],
].map(([name = '', namespace = '']) => ({ name, labels: {}, namespace: { 'kubernetes.io/metadata.name': namespace }, isOurs: false }));

function matches(peer: Peer, pod: Pod): boolean {
  if (peer.ipBlock !== undefined) {
    return false;
  }
  const isInNamespace = peer.namespaceSelector === undefined ? pod.isOurs : selects(peer.namespaceSelector, pod.namespace);
  return isInNamespace && selects(peer.podSelector ?? {}, pod.labels);
}

/** Every call that the policies let through, as `server -> pgbouncer 6432`. */
function flowsOf(options: RenderOptions): string[] {
  const manifests = render(options);
  const policies = ofKind(manifests, 'NetworkPolicy');
  const pods = workloadsOf(manifests).map(({ pod }): Pod => ({
    name: pod.metadata.labels['app.kubernetes.io/component'] ?? '',
    labels: pod.metadata.labels,
    namespace: { 'kubernetes.io/metadata.name': 'clips' },
    isOurs: true,
  }));
  const ports = new Map(
    workloadsOf(manifests).map(({ pod }) => [
      pod.metadata.labels['app.kubernetes.io/component'] ?? '',
      containersOf(pod).flatMap((container) => (container.ports ?? []).map(({ containerPort }) => containerPort)),
    ]),
  );
  const rulesFor = (pod: Pod, direction: 'Ingress' | 'Egress'): NetworkRule[] | null => {
    const of = policies.filter(
      ({ spec }) => pod.isOurs && selects(spec?.podSelector ?? {}, pod.labels) && spec?.policyTypes?.includes(direction) === true,
    );
    // A pod that no policy chooses may do everything.
    return of.length === 0 ? null : of.flatMap(({ spec }) => (direction === 'Ingress' ? spec?.ingress : spec?.egress) ?? []);
  };
  const lets = (rules: NetworkRule[] | null, other: Pod, port: number) =>
    rules === null ||
    rules.some(
      (rule) => (rule.to ?? rule.from ?? []).some((peer) => matches(peer, other)) && (rule.ports ?? []).some((each) => each.port === port),
    );
  return [...pods, ...outsiders]
    .flatMap((from) =>
      pods.flatMap((to) =>
        (ports.get(to.name) ?? [])
          .filter((port) => lets(rulesFor(from, 'Egress'), to, port) && lets(rulesFor(to, 'Ingress'), from, port))
          .map((port) => `${from.name} -> ${to.name} ${port}`),
      ),
    )
    .sort();
}

/** Addresses outside of the cluster that a policy lets a component reach. */
function outsideOf(options: RenderOptions): string[] {
  const manifests: readonly Manifest[] = render(options);
  return ofKind(manifests, 'NetworkPolicy')
    .flatMap(({ metadata, spec }) =>
      (spec?.egress ?? []).flatMap(({ to = [], ports = [] }) =>
        to.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : ports.map(({ port }) => `${metadata.name} -> ${ipBlock.cidr} ${port}`))),
      ),
    )
    .sort();
}

test('a trial: the front reaches the server and the bucket, who has a reason reaches database and bucket, and agents reach no pod', () => {
  const ours = ['server', 'worker', 'migrate'];
  expect(flowsOf({ values: 'trial.yaml' })).toEqual(
    [
      'front -> minio 9000',
      'front -> server 7070',
      'migrate -> postgresql 5432',
      'pgbouncer -> postgresql 5432',
      ...ours.flatMap((name) => [`${name} -> minio 9000`, `${name} -> pgbouncer 6432`]),
    ].sort(),
  );
  expect(outsideOf({ values: 'trial.yaml' })).toEqual([]);
});

test('with everything on, Prometheus reads figures, the backup reaches what it copies, and only named addresses are reached outside', () => {
  const ours = ['server', 'worker', 'migrate', 'backup'];
  expect(flowsOf({ values: 'everything.yaml' })).toEqual(
    [
      'front -> server 7070',
      'prometheus -> server 9090',
      'prometheus -> worker 9090',
      ...ours.map((name) => `${name} -> pgbouncer 6432`),
    ].sort(),
  );
  expect(outsideOf({ values: 'everything.yaml' })).toEqual([
    'carmic-backup -> 10.7.0.0/24 443',
    'carmic-migrate -> 10.1.2.3/32 5432',
    'carmic-pgbouncer -> 10.1.2.3/32 5432',
    'carmic-server-out -> 10.1.2.4/32 9000',
    'carmic-server-out -> 10.1.2.9/32 465',
    'carmic-server-out -> 10.1.2.9/32 8200',
  ]);
});
