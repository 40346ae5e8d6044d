/** Values that a JSON schema takes, made by fast-check: for tests that are generated from the contract. */
import fc from 'fast-check';

interface Schema {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  allOf?: readonly Schema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
}

/** Builds an arbitrary of values that `schema` takes. */
export function arbitraryOf(schema: unknown): fc.Arbitrary<unknown> {
  return build(schema as Schema);
}

/** One value, always the same. */
export function sampleOf(schema: unknown, seed = 1): unknown {
  return fc.sample(arbitraryOf(schema), { seed, numRuns: 1 })[0];
}

function build(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) {
    return fc.constant(schema.const);
  }
  if (schema.enum !== undefined) {
    return fc.constantFrom(...schema.enum);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    return fc.oneof(...choices.map(build));
  }
  switch (schema.type) {
    case 'string':
      return buildString(schema);
    case 'integer':
      return fc.integer({ min: lower(schema) ?? -1000, max: upper(schema) ?? Math.max(1000, lower(schema) ?? 0) });
    case 'number':
      return fc.double({ min: lower(schema) ?? -1000, max: upper(schema) ?? Math.max(1000, lower(schema) ?? 0), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(build(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, Math.max(5, schema.minItems ?? 0)),
      });
    case 'object':
      return buildObject(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

const lower = (schema: Schema) => (schema.exclusiveMinimum === undefined ? schema.minimum : schema.exclusiveMinimum + 1);
const upper = (schema: Schema) => {
  const most = schema.exclusiveMaximum === undefined ? schema.maximum : schema.exclusiveMaximum - 1;
  return most === Number.MAX_SAFE_INTEGER ? undefined : most;
};

/**
 * Addresses in many forms. `fc.webUrl` is not used: the first one in a process computes tables of Unicode for seconds without a pause, and on a
 * busy machine for longer than a server beside it keeps its connections open.
 */
const addresses = fc
  .record({
    scheme: fc.constantFrom('http', 'https'),
    user: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, fc.stringMatching(/^[a-z]{1,8}(:[a-z0-9]{0,8})?@$/)),
    host: fc.oneof(
      { weight: 4, arbitrary: fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,10}[a-z0-9])?){1,3}$/) },
      { weight: 1, arbitrary: fc.ipV4() },
      { weight: 1, arbitrary: fc.constantFrom('localhost', '[::1]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]', '2130706433', '0x7f.1') },
    ),
    port: fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      fc.integer({ min: 1, max: 65_535 }).map((port) => `:${port}`),
    ),
    rest: fc.stringMatching(/^(\/[A-Za-z0-9._~-]{0,12}){0,4}(\?[a-z]{1,8}=[A-Za-z0-9%-]{0,12})?(#[a-z]{0,8})?$/),
  })
  .map(({ scheme, user, host, port, rest }) => `${scheme}://${user}${host}${port}${rest}`);

function buildString(schema: Schema): fc.Arbitrary<string> {
  switch (schema.format) {
    case 'uuid':
      return fc.uuid({ version: 4 });
    case 'email':
      return fc.integer({ min: 0, max: 1e9 }).map((n) => `somebody.${n}@example.test`);
    case 'date-time':
      return fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
    case 'uri':
      return addresses;
    default:
      break;
  }
  if (schema.pattern !== undefined) {
    return fc.stringMatching(new RegExp(schema.pattern));
  }
  const minLength = schema.minLength ?? 0;
  const maxLength = Math.min(schema.maxLength ?? 50, Math.max(minLength, 200));
  // Letters at both ends, so that trimming leaves enough.
  return fc.string({ minLength, maxLength, unit: 'grapheme-ascii' }).map((text) => text.replace(/^\s|\s$/g, 'x').slice(0, maxLength));
}

function buildObject(schema: Schema): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) {
    const values = typeof schema.additionalProperties === 'object' ? build(schema.additionalProperties) : fc.jsonValue({ maxDepth: 1 });
    return fc.dictionary(schema.propertyNames === undefined ? fc.string({ maxLength: 10 }) : buildString(schema.propertyNames), values, {
      maxKeys: 3,
    });
  }
  return fc.record(Object.fromEntries(properties.map(([name, each]) => [name, build(each)])), {
    requiredKeys: [...(schema.required ?? [])].filter((name) => schema.properties?.[name] !== undefined),
  });
}
