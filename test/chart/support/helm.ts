/** Runs Helm on the chart, and reads what it renders. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { findRequirement, requireOrSkip } from '../../support/requirements.ts';
import type { Manifest } from './manifests.ts';

/** Folder of the chart. */
export const chartFolder = fileURLToPath(new URL('../../../charts/carmic', import.meta.url));

/** The files of values that the chart is rendered with, each a way to install it. */
export const cases = readdirSync(`${chartFolder}/ci`)
  .filter((name) => name.endsWith('.yaml'))
  .sort();

export interface RenderOptions {
  /** A file in `ci/`; none renders the defaults. */
  values?: string;
  /** The path of a file of values that come before those: the defaults of a former release, as `helm upgrade --reuse-values` keeps them. */
  former?: string;
  /** What `--set-json` gets: paths and JSON. */
  set?: Readonly<Record<string, unknown>>;
  release?: string;
  namespace?: string;
  chart?: string;
}

/** Skips a test (or fails it when CI=true) when there is no Helm. Answers its path. */
export function requireHelm(context: { skip(note?: string): void }): string {
  return requireOrSkip(context, 'helm');
}

/** Runs Helm; answers its exit code and everything that it said. */
export function helm(args: readonly string[]): { code: number | null; output: string; stdout: string } {
  const { path } = findRequirement('helm');
  if (path === null) {
    throw new Error('There is no Helm here.');
  }
  const { status, stdout, stderr, error } = spawnSync(path, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (error !== undefined) {
    throw error;
  }
  return { code: status, output: stdout + stderr, stdout };
}

/** Renders the chart anew and answers the text. Throws with what Helm said when it does not render. */
export function renderText(options: RenderOptions): string {
  const { code, output, stdout } = tryRender(options);
  if (code !== 0) {
    throw new Error(output);
  }
  return stdout;
}

/** Renders the chart, which may be refused. */
export function tryRender({ values, former, set = {}, release = 'carmic', namespace = 'clips', chart = chartFolder }: RenderOptions) {
  const args = ['template', release, chart, '--namespace', namespace];
  const sets = Object.entries(set).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
  const before = former === undefined ? [] : ['-f', former];
  return helm([...args, ...before, ...(values === undefined ? [] : ['-f', `${chartFolder}/ci/${values}`]), ...sets]);
}

const rendered = new Map<string, Manifest[]>();

/** Renders the chart and answers its manifests, once for the same options in a file of tests. */
export function render(options: RenderOptions): readonly Manifest[] {
  const key = JSON.stringify(options);
  const manifests = rendered.get(key) ?? parseManifests(renderText(options));
  rendered.set(key, manifests);
  return manifests;
}

/** Reads YAML as Kubernetes does (version 1.1: 0440 is octal). */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) {
      throw problem;
    }
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}
