import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { install, installState, isNodeSupported, wantedInstall } from './install.mjs';

let root = '';
const write = (name: string, value: unknown) => {
  mkdirSync(join(root, name, '..'), { recursive: true });
  writeFileSync(join(root, name), JSON.stringify(value));
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'carmic-install-'));
  write('package.json', { name: 'x', workspaces: ['part'] });
  write('part/package.json', { name: 'part' });
  write('package-lock.json', {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
      'node_modules/part': { link: true },
    },
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const installed = (packages: Record<string, { version: string }>) => write('node_modules/.package-lock.json', { packages });

describe('the state of node_modules', () => {
  test('nothing installed is missing', () => {
    expect(installState(root)).toBe('missing');
  });

  test('a tree that fits the lock file is fresh, whoever installed it, and gets a stamp', async () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(installState(root)).toBe('fresh');
    await expect(install(root, () => undefined)).resolves.toBeNull();
    expect(installState(root)).toBe('fresh');
  });

  test.each([
    ['an older version', { 'node_modules/a': { version: '0.9.0' } }],
    ['a package less', {}],
    ['a package more', { 'node_modules/a': { version: '1.0.0' }, 'node_modules/z': { version: '1.0.0' } }],
  ])('%s is stale', (_, packages) => {
    installed(packages);
    expect(installState(root)).toBe('stale');
  });

  test('a change of any package file changes what is wanted', () => {
    const before = wantedInstall(root);
    write('part/package.json', { name: 'part', dependencies: { a: '1' } });
    expect(wantedInstall(root)).not.toBe(before);
  });
});

test.each([
  ['20.18.1', false],
  ['20.19.0', true],
  ['22.0.0', true],
  ['18.20.4', false],
])('Node %s is supported: %s', (version, isSupported) => {
  expect(isNodeSupported(version)).toBe(isSupported);
});
