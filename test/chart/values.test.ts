/** The chart's values: every one described, every object closed, and the names of settings those that the server reads. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listValues, readTable, writeTable } from '../../scripts/chartValues.mjs';
import { readEnv } from '../../server/src/core/env.ts';
import { chartFolder } from './support/helm.ts';

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  $ref?: string;
  $defs?: Record<string, Schema>;
  propertyNames?: { enum?: string[] };
  description?: string;
}
const schema = JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8')) as Schema;
const values = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) as Record<string, unknown>;

const directory = mkdtempSync(join(tmpdir(), 'carmic-values-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What a table says, however wide its columns are. */
const cells = (table: string) =>
  table
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((row) => !row.every((cell) => /^-*$/.test(cell)));

test('docs/kubernetes.md has the table of all values, as the comments say it', () => {
  expect(cells(readTable()), 'node scripts/chartValues.mjs writes it').toEqual(cells(writeTable()));
  const names = new Set(listValues().map(({ name }) => name));
  expect(names.has('agents.defaults.gpu.count')).toBe(true);
  expect(listValues().find(({ name }) => name === 'baseUrl')?.told).toMatch(
    /^Address under which people and agents reach Carmic.* Required\.$/,
  );
});

describe('the schema', () => {
  test('is closed everywhere: an object names its fields, or takes anything of one type', () => {
    const open: string[] = [];
    const visit = (part: Schema, path: string) => {
      const isObject = part.type === 'object';
      const isOfKubernetes = part.description !== undefined;
      if (isObject && !isOfKubernetes && (part.additionalProperties === undefined || part.additionalProperties === true)) {
        open.push(path);
      }
      for (const [name, inner] of Object.entries({ ...part.properties, ...part.$defs })) {
        visit(inner, `${path}/${name}`);
      }
      for (const inner of [part.items, typeof part.additionalProperties === 'object' ? part.additionalProperties : undefined]) {
        if (inner !== undefined) {
          visit(inner, `${path}/*`);
        }
      }
    };
    visit(schema, '');
    expect(open).toEqual([]);
  });

  test('knows exactly the values that there are', () => {
    const visit = (part: Schema, given: unknown, path: string): void => {
      if (part.properties === undefined || typeof given !== 'object' || given === null) {
        return;
      }
      const described = Object.keys(part.properties).filter((name) => name !== 'global');
      expect([path, described.sort()]).toEqual([path, Object.keys(given).sort()]);
      for (const [name, inner] of Object.entries(given)) {
        visit(part.properties[name] ?? {}, inner, `${path}/${name}`);
      }
    };
    visit(schema, values, '');
  });

  test('takes as secret settings only what the server reads from files', () => {
    const names = schema.properties?.['secretSettings']?.properties?.['keys']?.propertyNames?.enum ?? [];
    expect(names.length).toBeGreaterThan(5);
    const file = join(directory, 'secret');
    const needed = { CARMIC_DATABASE_URL: 'postgres://a:b@c/d', CARMIC_DATA_DIR: directory };
    for (const name of names) {
      // A file that is not there is complained of only by a server that reads it.
      expect(() => readEnv({ ...needed, [`${name}_FILE`]: file }), name).toThrow(`${name}_FILE names ${file}, which cannot be read`);
    }
  });
});
