import { mkdir, readFile, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface Loaded {
  contents: string;
  loader: 'ts';
}

interface Bundler {
  build(options: object): Promise<unknown>;
}

interface PluginBuild {
  onResolve(options: { filter: RegExp }, resolve: (args: { path: string; kind: string }) => { external: true } | undefined): void;
  onLoad(options: { filter: RegExp }, load: (args: { path: string }) => Promise<Loaded>): void;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const main = join(root, 'gpu-agent/src/main.ts');
const requireHere = createRequire(import.meta.url);
let program: Promise<string> | undefined;

/**
 * The agent's program as one file of JavaScript, made once per worker from the sources as they are: tsx reads and compiles some hundred files at
 * every start, which costs more than twice what the start itself does. The agent of `npm start` is never bundled; test/agent/start.test.ts runs that.
 */
export function agentProgram(): Promise<string> {
  return (program ??= bundle());
}

/** The packages stay outside, and each source keeps its own address, by which the agent finds the programs that it starts. */
async function bundle(): Promise<string> {
  // What node_modules holds is found from inside of it only.
  const folder = join(root, 'node_modules', '.cache', 'carmic-tests');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'agent.mjs');
  // Another worker may be writing the same, and a starting agent reading it.
  const outfile = join(folder, `agent-${process.pid}.mjs`);
  const esbuild = createRequire(requireHere.resolve('tsx'))('esbuild') as Bundler;
  await esbuild.build({
    entryPoints: [main],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    // As tsx does.
    keepNames: true,
    logLevel: 'error',
    plugins: [{ name: 'agent', setup: keepAddresses }],
  });
  await rename(outfile, file);
  return file;
}

function keepAddresses(build: PluginBuild): void {
  build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    kind === 'entry-point' || path.startsWith('@carmic/') ? undefined : { external: true },
  );
  build.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
    loader: 'ts',
    contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
  }));
}
