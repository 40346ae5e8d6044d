/**
 * `npm test`: installs what it needs, then runs every test and, beside them, checks types, lint, format, unused code and generated files.
 *
 *   npm test                       everything
 *   npm test -- unit api           some kinds of test (unit, api, engine, agent, browser, s3, chart) or `check`
 *   npm test -- images             Docker images, compose and the chart as containers; not part of everything, since it wants Docker and minutes
 *   npm test -- build              of these only the images, built and started as an arbitrary user on a read-only root, and the agent for bare hosts
 *   npm test -- all build          everything, and the images
 *   npm test -- ceph               the storage on a real Ceph; not part of everything, since Ceph weighs hundreds of megabytes
 *   npm run check                  everything but the tests
 *
 * Ends with one line: `N passed, N failed` (and `, N skipped` where something was).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, isNodeSupported } from '../start/install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kinds = ['unit', 'api', 'engine', 'agent', 'browser', 's3', 'chart', 'build', 'images', 'ceph'];
/** What `npm test` alone leaves out: the images want Docker and minutes of their own, and Ceph weighs hundreds of megabytes. */
const unusual = ['build', 'images', 'ceph'];
const usual = kinds.filter((kind) => !unusual.includes(kind));
const bin = (name) => join(root, 'node_modules', '.bin', name);

const checks = [
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json'] },
  {
    name: 'types of the console',
    command: [bin('svelte-check'), '--workspace', 'console', '--tsconfig', './tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  },
  { name: 'types of the console’s tests', command: [bin('tsc'), '-p', 'console/tsconfig.test.json'] },
  { name: 'lint and import direction', command: [bin('eslint'), '--max-warnings', '0', '.'] },
  { name: 'format', command: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
  { name: 'unused code and circles of imports', command: [bin('knip'), '--no-progress'] },
  { name: 'licences and install scripts', command: [process.execPath, 'scripts/packages.mjs', '--check'] },
  { name: 'OpenAPI is up to date', command: [process.execPath, '--import', 'tsx', 'scripts/openapi.ts', '--check'] },
];

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const started = Date.now();
  if (!isNodeSupported(process.versions.node)) {
    return refuse(`The tests need Node 20.19 or newer, and this is Node ${process.versions.node}.`);
  }
  const unknown = args.find((arg) => !['all', 'check', ...kinds].includes(arg));
  if (unknown !== undefined) {
    return refuse(`There is no kind of test called "${unknown}": all, check, ${kinds.join(', ')}.`);
  }
  const everything = ['check', ...usual];
  const wanted = args.length === 0 ? everything : [...new Set(args.flatMap((arg) => (arg === 'all' ? everything : [arg])))];
  const phases = [];
  let env;
  try {
    env = await phase(phases, 'preparation', () => prepare(wanted));
  } catch (error) {
    return refuse(error.name === 'StartError' ? error.message : error.stack);
  }
  const hasTests = kinds.some((kind) => wanted.includes(kind));
  // The checks only take the processors that the tests leave idle, which are many where tests wait for something.
  const [checked, tested] = await Promise.all([
    wanted.includes('check') ? phase(phases, 'checks', () => runChecks(env, hasTests)) : [],
    hasTests ? phase(phases, 'tests', () => runTests(wanted, env)) : null,
  ]);
  return summarise(checked, tested, phases, started);
}

function refuse(message) {
  process.stderr.write(`${message}\n\n0 passed, 1 failed\n`);
  return 1;
}

async function phase(phases, name, work) {
  const started = Date.now();
  try {
    return await work();
  } finally {
    phases.push({ name, seconds: (Date.now() - started) / 1000 });
  }
}

/** Packages, ffmpeg and the built console; answers the environment of everything that follows. */
async function prepare(wanted) {
  await install(root, (text) => process.stdout.write(`${text} …\n`));
  const env = { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' };
  delete env.NO_COLOR;
  if (!kinds.some((kind) => wanted.includes(kind))) {
    return env;
  }
  const { register } = await import('tsx/esm/api');
  register();
  const { findFfmpeg } = await import('../start/ffmpeg.ts');
  const { buildConsole } = await import('../start/buildConsole.ts');
  const found = await findFfmpeg({
    env: process.env,
    cacheFile: join(root, 'node_modules', '.carmic-ffmpeg.json'),
    isRoot: process.getuid?.() === 0,
    say: (text) => process.stdout.write(`ffmpeg: ${text}\n`),
  });
  if (wanted.includes('browser') || wanted.includes('agent')) {
    await buildConsole(root, new AbortController().signal, () => process.stdout.write('Building the console …\n'));
  }
  return { ...env, FFMPEG_PATH: found.ffmpeg, FFPROBE_PATH: found.ffprobe };
}

/** Runs the checks, two at a time, and prints what they say only when they fail; with `standsBack` whatever else runs goes first. */
async function runChecks(env, standsBack) {
  const waiting = [...checks];
  const results = [];
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const started = Date.now();
      const { code, output } = await run([...(standsBack ? ['nice', '-n', '19'] : []), ...check.command], env);
      const seconds = (Date.now() - started) / 1000;
      results.push({ name: check.name, passed: code === 0, seconds });
      process.stdout.write(
        `${code === 0 ? ' ok ' : 'FAIL'} ${check.name} (${seconds.toFixed(1)} s)\n${code === 0 ? '' : `${output.trimEnd()}\n`}`,
      );
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

function run([file, ...args], env) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs vitest and answers what its reporter wrote down; null when it wrote nothing. */
async function runTests(wanted, env) {
  const folder = mkdtempSync(join(tmpdir(), 'carmic-summary-'));
  const file = join(folder, 'summary.json');
  const projects = kinds.filter((kind) => wanted.includes(kind)).flatMap((kind) => ['--project', kind]);
  try {
    const code = await new Promise((resolve) => {
      const child = spawn(bin('vitest'), ['run', ...projects, '--passWithNoTests', '--config', 'vitest.config.ts'], {
        cwd: root,
        env: { ...env, CARMIC_TEST_SUMMARY: file },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.once('error', () => resolve(1));
      child.once('close', resolve);
    });
    const summary = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
    return { code, summary };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summarise(checked, tested, phases, started) {
  const rows = [];
  const total = { passed: 0, failed: 0, skipped: 0 };
  const add = (name, counts, seconds) => {
    rows.push(
      `  ${name.padEnd(10)} ${String(counts.passed).padStart(4)} passed ${String(counts.failed).padStart(3)} failed ${String(counts.skipped).padStart(3)} skipped  ${seconds.toFixed(1).padStart(6)} s`,
    );
    for (const key of ['passed', 'failed', 'skipped']) {
      total[key] += counts[key];
    }
  };
  if (checked.length > 0) {
    const passed = checked.filter((check) => check.passed).length;
    add('checks', { passed, failed: checked.length - passed, skipped: 0 }, phases.find((each) => each.name === 'checks')?.seconds ?? 0);
  }
  for (const [name, counts] of Object.entries(tested?.summary?.projects ?? {})) {
    add(name, counts, counts.ms / 1000);
  }
  const skips = tested?.summary?.skips ?? [];
  // Vitest also fails for what belongs to no test: an unhandled rejection, a broken set-up, a run that wrote no summary.
  if (
    tested !== null &&
    tested.code !== 0 &&
    (tested.summary === null || Object.values(tested.summary.projects).every((counts) => counts.failed === 0))
  ) {
    total.failed += 1;
    rows.push('  vitest itself failed: see above');
  }
  process.stdout.write(`\n${rows.join('\n')}\n`);
  for (const name of tested?.summary?.flaky ?? []) {
    process.stdout.write(`  passed on its second attempt only: ${name}\n`);
  }
  for (const [reason, count] of countReasons(skips)) {
    process.stdout.write(`  skipped: ${reason} (${count} ${count === 1 ? 'test' : 'tests'})\n`);
  }
  if (process.env.CI === 'true' && total.skipped > 0) {
    process.stdout.write(`  CI=true: ${total.skipped} skipped count as failed\n`);
    total.failed += total.skipped;
    total.skipped = 0;
  }
  const times = phases.map((each) => `${each.name} ${each.seconds.toFixed(0)} s`).join(', ');
  process.stdout.write(`  ${times}, together ${((Date.now() - started) / 1000).toFixed(0)} s\n\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`);
  return total.failed > 0 ? 1 : 0;
}

function countReasons(skips) {
  const counts = new Map();
  for (const { reason } of skips) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}
