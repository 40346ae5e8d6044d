import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { webhookEventTypes } from '@carmic/contract';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

it('a webhook can be told of every event that happens in a workspace, and of no other', () => {
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  const appended = sources.flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/workspaceId: ([^,\n]+),\s*type: '([a-z_]+\.[a-z_]+)'/g)].map(
      ([, workspace = '', type = '']) => ({ type, isOfInstance: workspace === 'null' }),
    ),
  );
  expect(appended.length).toBeGreaterThan(80);
  const inWorkspaces = new Set(appended.filter(({ isOfInstance }) => !isOfInstance).map(({ type }) => type));
  const elsewhere = new Set(appended.map(({ type }) => type).filter((type) => !inWorkspaces.has(type)));
  const told: readonly string[] = webhookEventTypes;
  expect([...inWorkspaces].filter((type) => !told.includes(type) && !type.startsWith('webhook.'))).toEqual([]);
  expect([...elsewhere].filter((type) => told.includes(type))).toEqual([]);
});
