/**
 * Reads docs/promises.md and says which promises are proven. A promise is when a file that keeps it names its id (`Keeps: R6`), and every proof is a
 * test file that carries the id in the name of a test, or a command that package.json has.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How many promises there are of each kind: a row that is taken out does not take its promise back. */
const counts = { C: 4, M: 3, A: 4, R: 6, S: 4, T: 3, G: 6 };
const promiseIds = Object.entries(counts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);

/** One promise with what was found of it. */
export interface PromiseReport {
  id: string;
  promise: string;
  where: string[];
  proofs: string[];
  /** Names of the tests that carry its id. */
  tests: string[];
  /** Empty: it is proven. */
  problems: string[];
}

const testName = /\b(?:test|describe|it)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])((?:(?!\1).)*)\1/gs;

/** Reports of all promises, in order. */
export function checkPromises(root: string, text = readFileSync(join(root, 'docs/promises.md'), 'utf8')): PromiseReport[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const rows = new Map(readRows(text).map((row) => [row.id, row]));
  return promiseIds.map((id) => {
    const row = rows.get(id);
    if (row === undefined) {
      return { id, promise: '', where: [], proofs: [], tests: [], problems: ['docs/promises.md has no row for it'] };
    }
    const tests: string[] = [];
    const problems = [...checkWhere(root, id, row.where), ...row.proofs.flatMap((proof) => checkProof(root, scripts, id, proof, tests))];
    if (row.proofs.length === 0) {
      problems.push('nothing proves it');
    }
    return { ...row, tests, problems };
  });
}

interface Row {
  id: string;
  promise: string;
  where: string[];
  proofs: string[];
}

function readRows(text: string): Row[] {
  return text.split('\n').flatMap((line) => {
    const [, id = '', promise = '', where = '', proof = ''] = line.split('|').map((cell) => cell.trim());
    return /^[A-Z]\d+$/.test(id) ? [{ id, promise, where: quoted(where), proofs: quoted(proof) }] : [];
  });
}

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, inner = '']) => inner);

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) {
    return [path];
  }
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((name) => statSync(name).isFile());
}

function checkWhere(root: string, id: string, where: readonly string[]): string[] {
  if (where.length === 0) {
    return ['it does not say where it is kept'];
  }
  const missing = where.filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) {
    return missing.map((path) => `${path} is not there`);
  }
  const keeps = new RegExp(`Keeps:[^\\n]*\\b${id}\\b`);
  const isNamed = where.flatMap((path) => filesOf(join(root, path))).some((file) => keeps.test(readFileSync(file, 'utf8')));
  return isNamed ? [] : [`no file of ${where.join(', ')} says “Keeps: ${id}”`];
}

function checkProof(root: string, scripts: Record<string, string>, id: string, proof: string, tests: string[]): string[] {
  const [, command] = /^npm run (\S+)/.exec(proof) ?? [];
  if (command !== undefined) {
    return command in scripts ? [] : [`package.json has no command ${command}`];
  }
  if (!existsSync(join(root, proof))) {
    return [`${proof} is not there`];
  }
  const named = filesOf(join(root, proof))
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(testName)].map(([, , name = '']) => name))
    .filter((name) => new RegExp(`\\b${id}\\b`).test(name));
  tests.push(...named);
  return named.length > 0 ? [] : [`no test of ${proof} carries ${id} in its name`];
}
