/** The dashboard and the alert rules ask for nothing that a running server does not tell. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance, type TestInstance } from '../support/instance.ts';

const folder = fileURLToPath(new URL('../../docs/monitoring/', import.meta.url));
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

interface Dashboard {
  panels: { title: string; gridPos: { x: number; y: number; w: number; h: number }; targets: { expr: string }[] }[];
}
const dashboard = JSON.parse(read('carmic-dashboard.json')) as Dashboard;

/** Expressions of the rules: what stands behind `expr:`, folded lines included. */
function expressionsOfRules(): string[] {
  return [...read('carmic-alerts.yaml').matchAll(/^( +)expr: (?:>-\n((?:\1 {2}.*\n)+)|(.*)\n)/gm)].map(
    ([, , folded, plain]) => folded ?? plain ?? '',
  );
}

/** Names of metrics in an expression, and the labels that it names of them: PromQL is read roughly, by its words. */
function readExpression(expression: string): { metrics: string[]; labels: string[] } {
  const labels = new Set<string>();
  const bare = expression
    .replaceAll(/\{([^}]*)\}/g, (_, matchers: string) => {
      [...matchers.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].forEach(([, label = '']) => labels.add(label));
      return '';
    })
    .replaceAll(/\b(?:by|without)\s*\(([^)]*)\)/g, (_, names: string) => {
      names.split(',').forEach((name) => labels.add(name.trim()));
      return '';
    })
    .replaceAll(/\[[^\]]*\]|"[^"]*"/g, '');
  const words = [...bare.matchAll(/[a-z_][a-z0-9_]*(?!\w*\s*\()/g)].map(([word]) => word);
  return { metrics: words.filter((word) => !['and', 'or', 'unless', 'on', 'ignoring', 'offset'].includes(word)), labels: [...labels] };
}

let instance: TestInstance;
let text: string;
beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_OPERATIONS_PORT: '0' } });
  text = await (await fetch(`http://127.0.0.1:${instance.server.operationsPort ?? 0}/metrics`)).text();
});
afterAll(() => instance.stop());

/** Every series name that the exposition declares, histograms with their parts. */
function declared(): Set<string> {
  return new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}
/** Labels that our metrics have, those that Prometheus adds, and those of histograms. */
const knownLabels = new Set(['instance', 'le', 'kind', 'state', 'route', 'method', 'status', 'party', 'outcome', 'encoder', 'step']);

test('reading expressions finds what they name', () => {
  expect(readExpression('sum by (kind) (rate(carmic_x_total{state=~"a|b"}[5m])) > 0.2 * max(carmic_y)')).toEqual({
    metrics: ['carmic_x_total', 'carmic_y'],
    labels: ['state', 'kind'],
  });
});

test('every metric and label of the alert rules is told by a running server', () => {
  const expressions = expressionsOfRules();
  expect(expressions.length).toBe([...read('carmic-alerts.yaml').matchAll(/- alert: /g)].length);
  expect(expressions.length).toBeGreaterThan(10);
  for (const expression of expressions) {
    const { labels, metrics } = readExpression(expression);
    expect(metrics.length, expression).toBeGreaterThan(0);
    expect(
      metrics.filter((name) => !declared().has(name)),
      expression,
    ).toEqual([]);
    expect(
      labels.filter((name) => !knownLabels.has(name)),
      expression,
    ).toEqual([]);
  }
});

test('so is every one of the dashboard, whose panels do not overlap and show all of our metrics', () => {
  const shown = new Set<string>();
  for (const { targets, title } of dashboard.panels) {
    for (const { expr } of targets) {
      const { labels, metrics } = readExpression(expr);
      expect(
        metrics.filter((name) => !declared().has(name)),
        title,
      ).toEqual([]);
      expect(
        labels.filter((name) => !knownLabels.has(name)),
        title,
      ).toEqual([]);
      metrics.forEach((name) => shown.add(name.replace(/_(bucket|sum|count)$/, '')));
    }
  }
  const ours = [...text.matchAll(/^# TYPE (carmic_\S+) /gm)].map(([, name = '']) => name);
  expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  const cells = dashboard.panels.flatMap(({ gridPos: { h, w, x, y } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test('figures hold no name, address or id of a customer', () => {
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  expect(text).not.toContain('@');
});
