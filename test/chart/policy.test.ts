/** What holds for everything that the chart renders, in each of its cases. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { cases, chartFolder, helm, render, renderText, requireHelm, tryRender } from './support/helm.ts';
import { findSchemaProblems } from './support/kubernetesTypes.ts';
import { containersOf, environmentOf, type Manifest, ofKind, selects, workloadsOf } from './support/manifests.ts';
import { envSchema as agentEnv } from '../../gpu-agent/src/env.ts';
import { envSchema as serverEnv } from '../../server/src/core/env.ts';

beforeEach((context) => {
  requireHelm(context);
});

test.each(cases)('helm lint is content with %s', (values) => {
  expect(helm(['lint', '--strict', chartFolder, '-f', `${chartFolder}/ci/${values}`])).toMatchObject({ code: 0 });
});

describe.each(cases)('rendered with %s', (values) => {
  const manifests = () => render({ values });

  test('comes out the same each time', () => {
    expect(renderText({ values })).toBe(renderText({ values }));
  });

  test('names nothing twice, and nothing in a namespace of its own', () => {
    const names = manifests().map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
    expect(manifests().filter(({ metadata }) => 'namespace' in metadata)).toEqual([]);
    expect(ofKind(manifests(), 'Secret')).toEqual([]);
  });

  test('has pods that the restricted standard admits, without a token of the cluster', () => {
    for (const { title, pod } of workloadsOf(manifests())) {
      const { securityContext = {}, ...spec } = pod.spec;
      expect([title, securityContext]).toEqual([
        title,
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
      ]);
      expect([title, securityContext['runAsUser'] ?? 'chosen']).not.toEqual([title, 0]);
      expect([title, spec.automountServiceAccountToken, spec.serviceAccountName]).toEqual([title, false, 'carmic']);
      expect([title, spec.hostNetwork, spec.hostPID, spec.hostIPC, spec.volumes?.filter((volume) => volume.hostPath)]).toEqual([
        title,
        undefined,
        undefined,
        undefined,
        [],
      ]);
      for (const { name, securityContext: own } of containersOf(pod)) {
        expect([title, name, own]).toEqual([
          title,
          name,
          {
            allowPrivilegeEscalation: false,
            privileged: false,
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            capabilities: { drop: ['ALL'] },
          },
        ]);
      }
    }
  });

  test('has containers with pinned images, requests, a limit of memory, a writable /tmp, and probes where they stay', () => {
    for (const { title, pod, manifest } of workloadsOf(manifests())) {
      const isLasting = ['Deployment', 'StatefulSet'].includes(manifest.kind);
      for (const container of containersOf(pod)) {
        const what = `${title} ${container.name}`;
        expect([what, container.image]).toEqual([what, expect.stringMatching(/(:[A-Za-z0-9_][\w.-]*|@sha256:[0-9a-f]{64})$/)]);
        expect(container.image).not.toMatch(/:latest$/);
        expect([what, container.resources?.requests, container.resources?.limits]).toEqual([
          what,
          expect.objectContaining({ cpu: expect.anything(), memory: expect.anything() }),
          expect.objectContaining({ memory: expect.anything() }),
        ]);
        expect([what, container.volumeMounts?.map(({ mountPath }) => mountPath)]).toEqual([what, expect.arrayContaining(['/tmp'])]);
        const mounted = container.volumeMounts?.map(({ name }) => name) ?? [];
        const claims = (manifest.spec?.volumeClaimTemplates ?? []) as { metadata: { name: string } }[];
        const there = [...(pod.spec.volumes ?? []), ...claims.map(({ metadata }) => metadata)].map(({ name }) => name);
        expect([what, mounted.filter((name) => !there.includes(name))]).toEqual([what, []]);
        if (isLasting && pod.spec.containers.includes(container)) {
          expect([what, container.livenessProbe, container.readinessProbe]).toEqual([what, expect.anything(), expect.anything()]);
        }
      }
    }
  });

  test('gives secrets as files that only their reader has, and one as a variable', () => {
    for (const { title, pod } of workloadsOf(manifests())) {
      for (const { name, secret } of pod.spec.volumes ?? []) {
        expect([title, name, secret?.defaultMode ?? 0o440]).toEqual([title, name, 0o440]);
      }
      const asVariables = containersOf(pod).flatMap(({ env = [] }) => env.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined));
      expect([title, asVariables.map(({ name }) => name)]).toEqual([title, title.includes('agent-') ? ['CARMIC_ENROLMENT_CODE'] : []]);
    }
  });

  test('sets only variables that the programs read, to values that they take', () => {
    for (const { title, pod } of workloadsOf(manifests())) {
      for (const container of containersOf(pod)) {
        const isAgent = container.name === 'agent';
        if (!isAgent && !['server', 'worker', 'migrate', 'backup', 'await-schema'].includes(container.name)) {
          continue;
        }
        const given = Object.entries(environmentOf(manifests(), container)).filter(([name]) => name.startsWith('CARMIC_'));
        const schema = isAgent ? agentEnv : serverEnv;
        const secretFile = (name: string) => name.replace(/_FILE$/, '');
        const unknown = given.filter(([name]) => !(name in schema.shape) && !(secretFile(name) in schema.shape));
        expect([title, unknown]).toEqual([title, []]);
        const mounts = container.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
        const paths = given.filter(([name, value]) => name.endsWith('_FILE') && !mounts.some((mount) => value.startsWith(`${mount}/`)));
        expect([title, paths]).toEqual([title, []]);
        const values = Object.fromEntries(given.filter(([, value]) => value !== ''));
        const filled = { CARMIC_DATABASE_URL: 'postgres://a@b/c', CARMIC_DATA_DIR: '/data', CARMIC_AGENT_DIR: '/agent', ...values };
        const parsed = schema.safeParse(filled);
        expect([title, parsed.error?.issues ?? []]).toEqual([title, []]);
      }
    }
  });

  test('has budgets, services and spreads that select the pods they are for', () => {
    const all = manifests();
    const pods = workloadsOf(all);
    for (const { metadata, spec } of ofKind(all, 'PodDisruptionBudget')) {
      const chosen = pods.filter(({ pod }) => selects(spec?.selector ?? {}, pod.metadata.labels));
      expect([metadata.name, chosen.length, spec?.['maxUnavailable']]).toEqual([metadata.name, 1, 1]);
    }
    for (const { metadata, spec } of ofKind(all, 'Service')) {
      const chosen = pods.filter(({ pod }) =>
        selects({ matchLabels: (spec?.selector ?? {}) as Record<string, string> }, pod.metadata.labels),
      );
      expect([metadata.name, chosen.length]).toEqual([metadata.name, metadata.name.endsWith('-operations') ? 2 : 1]);
      for (const { targetPort } of spec?.ports ?? []) {
        for (const { pod } of chosen) {
          expect([metadata.name, pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name))]).toEqual([
            metadata.name,
            expect.arrayContaining([targetPort]),
          ]);
        }
      }
    }
    for (const { title, manifest, pod } of pods) {
      if (['Deployment', 'StatefulSet'].includes(manifest.kind)) {
        expect([title, selects(manifest.spec?.selector ?? {}, pod.metadata.labels)]).toEqual([title, true]);
        expect([title, pods.filter((other) => selects(manifest.spec?.selector ?? {}, other.pod.metadata.labels)).length]).toEqual([
          title,
          1,
        ]);
      }
      for (const { labelSelector } of pod.spec.topologySpreadConstraints ?? []) {
        expect([title, selects(labelSelector, pod.metadata.labels)]).toEqual([title, true]);
      }
    }
  });

  test('denies every pod what is not listed, where NetworkPolicies are on', () => {
    const all = manifests();
    const policies = ofKind(all, 'NetworkPolicy');
    if (values === 'volume-backup.yaml') {
      expect(policies).toEqual([]);
      return;
    }
    for (const { title, pod } of workloadsOf(all)) {
      const of = policies.filter(({ spec }) => selects(spec?.podSelector ?? {}, pod.metadata.labels));
      expect([title, of.find(({ spec }) => spec?.policyTypes?.length === 2 && !spec.ingress && !spec.egress)?.metadata.name]).toEqual([
        title,
        'carmic-deny',
      ]);
      const egress = of.flatMap(({ spec }) => spec?.egress ?? []);
      expect([title, egress.flatMap(({ ports = [] }) => ports.map(({ port, protocol }) => `${protocol} ${port}`))]).toEqual([
        title,
        expect.arrayContaining(['UDP 53']),
      ]);
      // A rule without peers or ports is open to all.
      const rules = [...egress, ...of.flatMap(({ spec }) => spec?.ingress ?? [])];
      expect([title, rules.filter(({ to, from, ports }) => (to ?? from ?? []).length === 0 || (ports ?? []).length === 0)]).toEqual([
        title,
        [],
      ]);
    }
  });
});

test('what a cluster cannot change stays the same in the next version, and the schema is brought up to date by another Job', () => {
  const next = mkdtempSync(join(tmpdir(), 'carmic-chart-'));
  try {
    cpSync(chartFolder, next, { recursive: true });
    const chart = readFileSync(join(next, 'Chart.yaml'), 'utf8');
    writeFileSync(
      join(next, 'Chart.yaml'),
      chart.replace('\nversion: 0.1.0', '\nversion: 0.2.0').replace('appVersion: 0.1.0', 'appVersion: 0.2.0'),
    );
    for (const values of cases) {
      const [before, after] = [render({ values }), render({ values, chart: next })];
      expect(fixedParts(after)).toEqual(fixedParts(before));
      const job = (manifests: readonly Manifest[]) => ofKind(manifests, 'Job').map(({ metadata }) => metadata.name);
      expect(job(after)).toHaveLength(1);
      expect(job(after)).not.toEqual(job(before));
    }
  } finally {
    rmSync(next, { recursive: true });
  }
});

describe('with the values that a release before had', () => {
  const folder = fileURLToPath(new URL('../fixtures/releases/', import.meta.url));
  const releases = readdirSync(folder).filter((name) => /^chart-.*\.yaml$/.test(name));

  test('there are some', () => {
    expect(releases).toContain('chart-0.1.0.yaml');
  });

  test.each(releases.flatMap((release) => cases.map((values) => [release, values] as const)))(
    '`helm upgrade --reuse-values` from %s takes %s, and leaves alone what a cluster cannot change',
    (release, values) => {
      const reused = render({ values, former: join(folder, release) });
      expect(fixedParts(reused)).toEqual(fixedParts(render({ values })));
      expect(findSchemaProblems(reused)).toEqual([]);
    },
  );

  test('a value that is taken away would be seen', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'carmic-chart-')), 'former.yaml');
    writeFileSync(file, 'worker: { threads: 4 }\n');
    expect(tryRender({ values: 'trial.yaml', former: file })).toMatchObject({
      code: 1,
      output: expect.stringContaining("additional properties 'threads' not allowed") as string,
    });
    rmSync(dirname(file), { recursive: true });
  });
});

/** The fields that an API server refuses to change. */
function fixedParts(manifests: readonly Manifest[]) {
  return manifests
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Service', 'PersistentVolumeClaim'].includes(kind))
    .map(({ kind, metadata, spec }) => ({
      title: `${kind}/${metadata.name}`,
      spec: kind === 'PersistentVolumeClaim' ? spec : null,
      selector: spec?.selector,
      claims: spec?.volumeClaimTemplates,
      serviceName: spec?.serviceName,
    }));
}
