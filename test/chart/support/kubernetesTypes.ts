/**
 * Holds manifests against Kubernetes' own schemas: as object literals of the types that are generated from its OpenAPI document and from the
 * definitions of KEDA, Gateway API and the Prometheus operator. TypeScript then finds each unknown, missing or mistyped field,
 * however deep, which an API server would drop or refuse.
 */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Manifest } from './manifests.ts';

/** Where the type of each kind comes from. A kind that is not here has no schema, which is an error. */
const modules: Readonly<Record<string, string>> = {
  'v1/ConfigMap': 'kubernetes-models/v1/ConfigMap',
  'v1/PersistentVolumeClaim': 'kubernetes-models/v1/PersistentVolumeClaim',
  'v1/Service': 'kubernetes-models/v1/Service',
  'v1/ServiceAccount': 'kubernetes-models/v1/ServiceAccount',
  'v1/Secret': 'kubernetes-models/v1/Secret',
  'apps/v1/Deployment': 'kubernetes-models/apps/v1/Deployment',
  'apps/v1/StatefulSet': 'kubernetes-models/apps/v1/StatefulSet',
  'autoscaling/v2/HorizontalPodAutoscaler': 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler',
  'batch/v1/CronJob': 'kubernetes-models/batch/v1/CronJob',
  'batch/v1/Job': 'kubernetes-models/batch/v1/Job',
  'networking.k8s.io/v1/Ingress': 'kubernetes-models/networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/NetworkPolicy': 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget': 'kubernetes-models/policy/v1/PodDisruptionBudget',
  'gateway.networking.k8s.io/v1/HTTPRoute': '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute',
  'keda.sh/v1alpha1/ScaledObject': '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject',
  'monitoring.coreos.com/v1/ServiceMonitor': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor',
};

const file = fileURLToPath(new URL('manifestsUnderTest.ts', import.meta.url));

/** Everything that is wrong with the manifests, one sentence each; empty when they are as Kubernetes wants them. */
export function findSchemaProblems(manifests: readonly Manifest[]): string[] {
  const unknown = [...new Set(manifests.map(kindOf))].filter((kind) => modules[kind] === undefined);
  const known = manifests.filter((manifest) => modules[kindOf(manifest)] !== undefined);
  const kinds = [...new Set(known.map(kindOf))];
  const lines = [
    ...kinds.map((kind, index) => `import type { I${kind.split('/').at(-1) ?? ''} as T${index} } from '${modules[kind] ?? ''}';`),
    ...known.map((manifest, index) => `export const m${index}: T${kinds.indexOf(kindOf(manifest))} = ${JSON.stringify(manifest)};`),
  ];
  const wrong = compile(lines.join('\n')).map(({ line, text }) => {
    const manifest = known[line - kinds.length];
    return manifest === undefined ? text : `${manifest.kind}/${manifest.metadata.name}: ${text}`;
  });
  return [...unknown.map((kind) => `There is no schema of ${kind} here.`), ...wrong];
}

const kindOf = ({ apiVersion, kind }: Manifest) => `${apiVersion}/${kind}`;

function compile(text: string): { line: number; text: string }[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2022.d.ts'],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile.call(host, name, ...rest);
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => ({
    line: diagnostic.file === undefined ? 0 : diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line,
    text: ts.flattenDiagnosticMessageText(diagnostic.messageText, ' '),
  }));
}
