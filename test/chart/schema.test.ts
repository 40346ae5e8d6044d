import { describe, expect, test } from 'vitest';
import { cases, render, requireHelm } from './support/helm.ts';
import { findSchemaProblems } from './support/kubernetesTypes.ts';
import type { Manifest } from './support/manifests.ts';

describe('every manifest of the chart', () => {
  test('is what Kubernetes and its extensions define, without a field that they do not know', (context) => {
    requireHelm(context);
    const manifests = cases.flatMap((values) => render({ values }));
    expect(manifests.length).toBeGreaterThan(cases.length * 10);
    expect(findSchemaProblems(manifests)).toEqual([]);
  });

  test('would not pass with a mistyped, a missing or an unknown field, or of an unknown kind', () => {
    const service = (spec: Record<string, unknown>): Manifest => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec });
    const problems = findSchemaProblems([
      service({ ports: [{ port: 1 }] }),
      service({ ports: [{ port: 1, tragetPort: 2 }] }),
      service({ ports: [{ port: '1' }] }),
      service({ ports: [{ targetPort: 2 }] }),
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'b' }, spec: { selector: {} } },
      { apiVersion: 'v1', kind: 'Servise', metadata: { name: 'c' } },
    ]);
    expect(problems).toEqual([
      'There is no schema of v1/Servise here.',
      expect.stringMatching(/^Service\/a: .*tragetPort/),
      expect.stringMatching(/^Service\/a: Type 'string' is not assignable to type 'number'/),
      expect.stringMatching(/^Service\/a: Property '"port"' is missing/),
      expect.stringMatching(/^Deployment\/b: Property '"template"' is missing/),
    ]);
  });
});
