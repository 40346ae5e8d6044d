/** The parts of Kubernetes' objects that the tests of the chart look at, and ways to find them. */

export type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  matchLabels?: Labels;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

export interface Container {
  name: string;
  image: string;
  args?: readonly string[];
  env?: readonly { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[];
  envFrom?: readonly { configMapRef?: { name: string } }[];
  securityContext?: Readonly<Record<string, unknown>>;
  volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean }[];
  resources?: { requests?: Labels; limits?: Readonly<Record<string, string | number>> };
  livenessProbe?: unknown;
  readinessProbe?: unknown;
  ports?: readonly { name: string; containerPort: number }[];
}

export interface PodTemplate {
  metadata: { labels: Labels; annotations?: Labels };
  spec: {
    automountServiceAccountToken?: boolean;
    serviceAccountName?: string;
    securityContext?: Readonly<Record<string, unknown>>;
    terminationGracePeriodSeconds?: number;
    runtimeClassName?: string;
    nodeSelector?: Labels;
    tolerations?: readonly unknown[];
    topologySpreadConstraints?: readonly { labelSelector: LabelSelector }[];
    initContainers?: readonly Container[];
    containers: readonly Container[];
    volumes?: readonly Volume[];
    hostNetwork?: boolean;
    hostPID?: boolean;
    hostIPC?: boolean;
  };
}

export interface Volume {
  name: string;
  secret?: { secretName: string; defaultMode?: number; items?: readonly { key: string; path: string }[] };
  hostPath?: unknown;
  persistentVolumeClaim?: { claimName: string };
}

export interface NetworkRule {
  to?: readonly Peer[];
  from?: readonly Peer[];
  ports?: readonly { port: number; protocol?: string }[];
}

export interface Peer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string };
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Labels; annotations?: Labels };
  data?: Labels;
  spec?: {
    replicas?: number;
    selector?: unknown;
    template?: PodTemplate;
    jobTemplate?: { spec: { template: PodTemplate } };
    volumeClaimTemplates?: readonly unknown[];
    serviceName?: string;
    podSelector?: LabelSelector;
    policyTypes?: readonly string[];
    ingress?: readonly NetworkRule[];
    egress?: readonly NetworkRule[];
    ports?: readonly { port: number; targetPort: string | number }[];
    [more: string]: unknown;
  };
}

export interface Workload {
  /** `Deployment/carmic-server`, for messages. */
  title: string;
  manifest: Manifest;
  pod: PodTemplate;
}

/** Everything that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const pod = manifest.spec?.template ?? manifest.spec?.jobTemplate?.spec.template;
    return pod === undefined ? [] : [{ title: `${manifest.kind}/${manifest.metadata.name}`, manifest, pod }];
  });
}

/** The pod's containers, those that run first among them. */
export function containersOf(pod: PodTemplate): Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

/** Whether a selector of Kubernetes takes these labels. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          throw new Error(`Kubernetes knows no operator ${operator}.`);
      }
    })
  );
}

/** The manifests of one kind. */
export function ofKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

/** The only manifest of a kind and name. Throws when there is none. */
export function find(manifests: readonly Manifest[], kind: string, name: string | RegExp): Manifest {
  const found = ofKind(manifests, kind).filter(({ metadata }) =>
    typeof name === 'string' ? metadata.name === name : name.test(metadata.name),
  );
  const [manifest] = found;
  if (manifest === undefined || found.length > 1) {
    throw new Error(`${found.length} manifests are ${kind} ${String(name)}.`);
  }
  return manifest;
}

/** The pod of a workload, found by its kind and name. */
export function podOf(manifests: readonly Manifest[], kind: string, name: string | RegExp): PodTemplate {
  const [workload] = workloadsOf([find(manifests, kind, name)]);
  if (workload === undefined) {
    throw new Error(`${kind} ${String(name)} makes no pods.`);
  }
  return workload.pod;
}

/** What a container's environment says, with that of the ConfigMaps it reads. */
export function environmentOf(manifests: readonly Manifest[], container: Container): Record<string, string> {
  const shared = (container.envFrom ?? []).flatMap(({ configMapRef }) =>
    configMapRef === undefined ? [] : [find(manifests, 'ConfigMap', configMapRef.name).data ?? {}],
  );
  const own = (container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  return Object.assign({}, ...shared, Object.fromEntries(own)) as Record<string, string>;
}
