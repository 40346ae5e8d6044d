import { type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { exampleOf } from './exampleOf.ts';

const bodies = (Object.entries(routes) as [RouteName, RouteDefinition][]).flatMap(([name, { body }]) =>
  body === undefined ? [] : [[name, body] as const],
);

test.each(bodies)('the example of %s is taken by its schema', (_, body) => {
  const example = exampleOf(body);
  expect(example).toBeDefined();
  expect(body.safeParse(JSON.parse(JSON.stringify(example))).error?.issues ?? []).toEqual([]);
});

test('fields that exclude each other are left to the needed ones', () => {
  const either = z.object({ id: z.uuid(), a: z.string().optional(), b: z.string().optional() }).refine(({ a, b }) => !(a && b));
  expect(exampleOf(either)).toEqual({ id: '3f2b8a54-6c1d-4e7f-9a0b-1c2d3e4f5a6b' });
});
