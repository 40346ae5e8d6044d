/** Every route with generated input, valid and broken: no 5xx, and no answer that the contract does not describe. Keeps: S4. */
import { directoryErrorSchema, errorReplySchema, errorStatus, type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import fc from 'fast-check';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { arbitraryOf } from '../support/schemaArbitrary.ts';

let instance: TestInstance;
let caller: Caller;
let directoryToken: string;
const runsPerRoute = 12;
/** Waits for work on purpose. */
const slow: readonly RouteName[] = ['createLease'];
const seed = 20261127;
let sent = 0;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_RATE_LIMIT_PER_MINUTE: '1000000' } });
  caller = await instance.createCaller({ isAdmin: true });
  const { id } = await caller.call('createIdentityProvider', {
    body: { name: 'Fuzz', issuer: 'http://127.0.0.1:9', clientId: 'fuzz', domains: ['example.test'], isEnabled: true },
  });
  ({ token: directoryToken } = await caller.call('createDirectoryToken', { params: { id } }));
});
afterAll(async () => {
  process.stdout.write(`The fuzz run: ${Object.keys(routes).length - slow.length} routes, ${sent} calls, seed ${seed}.\n`);
  await instance.stop();
});

const inputOf = (schema: z.ZodType) => arbitraryOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));

/** Values that break a form: other types, too long, hostile text. */
const broken = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>('\u0000', '𝕏'.repeat(5000), "'; DROP TABLE users; --", '../../etc/passwd', -1, 1e308, null, [], {
    __proto__: { isAdmin: true },
  }),
);

/** The same form with a NUL behind every text, which no column of text or JSON takes. */
function breakTexts(value: unknown): unknown {
  if (typeof value === 'string') {
    return `${value}\u0000`;
  }
  if (Array.isArray(value)) {
    return value.map(breakTexts);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, breakTexts(each)]))
    : value;
}

/** Mostly what the schema takes; often with one field broken. */
function bodyFor(schema: z.ZodType | undefined): fc.Arbitrary<unknown> {
  if (schema === undefined) {
    return fc.oneof(fc.constant(undefined), broken);
  }
  const valid = inputOf(schema);
  const oneBroken = fc.tuple(valid, fc.nat(), broken).map(([value, index, wrong]) => {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    const name = names[index % Math.max(1, names.length)];
    return name === undefined ? wrong : { ...(value as object), [name]: wrong };
  });
  const withNul = valid.map(breakTexts);
  return fc.oneof(
    { weight: 3, arbitrary: valid },
    { weight: 2, arbitrary: oneBroken },
    { weight: 1, arbitrary: fc.oneof(broken, withNul) },
  );
}

function requestFor(definition: RouteDefinition) {
  const params = [...definition.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  return fc.record({
    params: fc.record(
      Object.fromEntries(
        params.map((name) => [name, fc.oneof({ weight: 4, arbitrary: fc.uuid() }, fc.string({ minLength: 1, maxLength: 30 }))]),
      ),
    ),
    query:
      definition.query === undefined
        ? fc.constant({})
        : fc.oneof(inputOf(definition.query), fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 20 }), { maxKeys: 3 })),
    body: bodyFor(definition.body),
    key: fc.option(fc.oneof(fc.uuid(), fc.string({ minLength: 1, maxLength: 250, unit: 'grapheme-ascii' })), { nil: undefined }),
    isKnown: fc.boolean(),
  });
}

const policyOf = (name: RouteName) => (routes[name] as RouteDefinition).policy;

const isHeaderValue = (text: string) => /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text);

async function send(
  name: RouteName,
  token: string,
  input: { params: Record<string, string>; query: unknown; body: unknown; key: string | undefined; isKnown: boolean },
) {
  const definition: RouteDefinition = routes[name];
  const path = definition.path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(input.params[key] ?? '').replaceAll('.', '%2E'));
  const url = new URL(path, instance.baseUrl);
  for (const [key, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    url.searchParams.set(key, typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  }
  const hasBody = definition.method !== 'GET' && input.body !== undefined;
  sent += 1;
  return fetch(url, {
    method: definition.method,
    redirect: 'manual',
    headers: {
      ...(input.isKnown ? { authorization: `Bearer ${token}` } : {}),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...(input.key !== undefined && isHeaderValue(input.key) ? { 'idempotency-key': input.key } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(input.body) } : {}),
  });
}

async function check(name: RouteName, response: Response): Promise<void> {
  const definition: RouteDefinition = routes[name];
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  // A stream has no end: that it began is all there is to check here.
  const text = isStream ? '' : await response.text();
  await (isStream ? response.body?.cancel() : undefined);
  const about = `${name}: ${response.status} ${text.slice(0, 300)}`;
  expect(response.status, about).toBeLessThan(500);
  expect(response.headers.get('x-request-id'), about).toMatch(/^[0-9a-f-]{36}$/);
  if (response.status === 303) {
    expect(definition.answers, about).toBe('redirect');
    return;
  }
  if (response.ok) {
    expect(response.status, about).toBe(definition.status);
    if (definition.answers !== undefined) {
      return;
    }
    const reply = definition.reply.safeParse(text === '' ? undefined : JSON.parse(text));
    expect(reply.success, about).toBe(true);
    return;
  }
  if (definition.policy === 'directory') {
    expect(directoryErrorSchema.parse(JSON.parse(text)).status, about).toBe(String(response.status));
    return;
  }
  const { error } = errorReplySchema.parse(JSON.parse(text));
  expect(errorStatus[error.code], about).toBe(response.status);
  if (response.status === 429) {
    expect(Number(response.headers.get('retry-after')), about).toBeGreaterThan(0);
  }
}

describe('every route answers as documented, whatever it is sent', () => {
  for (const name of (Object.keys(routes) as RouteName[]).filter((each) => !slow.includes(each))) {
    test(name, async () => {
      // What ends sessions and accounts must not end those of the next route.
      const own = /^(delete|end|update|switch|confirm|create|remove|transfer|put)/.test(name)
        ? await instance.createCaller({ isAdmin: true })
        : caller;
      const inputs = fc.sample(requestFor(routes[name]), { seed, numRuns: runsPerRoute });
      for (const input of inputs) {
        const token = policyOf(name) === 'directory' ? directoryToken : own.token;
        await check(name, await send(name, token, { ...input, params: input.params as Record<string, string> }));
      }
    });
  }
  test('by more than a thousand calls together', () => {
    expect(sent).toBeGreaterThan(1000);
  });
});

test('a body over the limit is refused without being read to its end', async () => {
  let pulled = 0;
  const chunk = new Uint8Array(64 * 1024).fill(32);
  const body = new ReadableStream({
    pull(controller) {
      pulled += chunk.length;
      controller.enqueue(chunk);
      if (pulled > 64 * 1024 * 1024) {
        controller.close();
      }
    },
  });
  const outcome = await fetch(new URL('/api/v1/videos', instance.baseUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.token}`, 'content-type': 'application/json' },
    body,
    duplex: 'half',
  } as RequestInit).then(
    (response) => response.status,
    () => 413,
  );
  expect(outcome).toBe(413);
  expect(pulled).toBeLessThan(32 * 1024 * 1024);
});
