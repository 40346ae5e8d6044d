/** Example values for the API's documents, made from the schemas themselves: so none is ever out of date, and a test parses every one. */
import { z } from 'zod';

type Json = Record<string, unknown>;

const byFormat: Readonly<Record<string, string>> = {
  uuid: '3f2b8a54-6c1d-4e7f-9a0b-1c2d3e4f5a6b',
  'date-time': '2026-11-27T09:30:00.000Z',
  date: '2026-11-27',
  email: 'ada@example.org',
  uri: 'https://example.org/talk.mp4',
  base64: 'QSBsaW5lIG9mIHRleHQ=',
};

/** What a reader would write there, by the field's name. */
const byName: Readonly<Record<string, string>> = {
  name: 'Our team',
  title: 'What we learned in ten years',
  fileName: 'talk.mp4',
  password: 'seven green bottles',
  newPassword: 'nine yellow bottles',
  currentPassword: 'seven green bottles',
  reason: 'A customer asked for it',
  text: 'The last word is cut off here',
  language: 'de',
  term: 'Zeebrugge',
  url: 'https://example.org/hooks/carmic',
  issuer: 'https://id.example.org',
  month: '2026-11',
  code: '123456',
  confirmation: 'delete my account',
  priceId: 'price_1Rk3XyLkdIwHu7ixExample1',
  userName: 'ada@example.org',
  displayName: 'Ada Lovelace',
  formatted: 'Ada Lovelace',
  givenName: 'Ada',
  familyName: 'Lovelace',
};

/** Tried in turn where a pattern or a length has to be met. */
const texts = [
  'text',
  'de',
  '2026-11',
  '2026-11-27',
  '123456',
  '#1a73e8',
  '10.0.0.0/8',
  'example.org',
  'a'.repeat(64),
  '0123456789abcdef',
  'TypeError',
  'server/src/main.ts',
  'carmic_token_0123456789abcdef',
  'QSBsaW5lIG9mIHRleHQ=',
];

/** An example that the schema takes: with every field, or with the needed ones where fields exclude each other; undefined when none is found. */
export function exampleOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): unknown {
  const document = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  const sample = (isFull: boolean) => valueOf(document, '', { definitions: (document['$defs'] ?? {}) as Json, isFull, depth: 0 });
  const candidates = [sample(true), sample(false)];
  return io === 'output' ? candidates[0] : candidates.find((candidate) => schema.safeParse(candidate).success);
}

interface Surroundings {
  definitions: Json;
  isFull: boolean;
  depth: number;
}

const deepest = 8;

function valueOf(schema: Json, name: string, around: Surroundings): unknown {
  const { $ref, anyOf, oneOf, allOf, type } = schema;
  if (typeof $ref === 'string') {
    const target = around.definitions[$ref.split('/').at(-1) ?? ''] as Json | undefined;
    return target === undefined || around.depth > deepest ? null : valueOf(target, name, { ...around, depth: around.depth + 1 });
  }
  if ('const' in schema) {
    return schema['const'];
  }
  if (Array.isArray(schema['enum'])) {
    return schema['enum'][0];
  }
  const choices = (anyOf ?? oneOf ?? allOf) as Json[] | undefined;
  if (choices !== undefined) {
    return valueOf(choices.find((choice) => choice['type'] !== 'null') ?? {}, name, around);
  }
  switch (Array.isArray(type) ? type.find((each) => each !== 'null') : type) {
    case 'object':
      return objectOf(schema, around);
    case 'array':
      return listOf(schema, name, around);
    case 'string':
      return textOf(schema, name);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return schema['default'] ?? true;
    default:
      return schema['default'] ?? null;
  }
}

function objectOf(schema: Json, around: Surroundings): Json {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const required = (schema['required'] ?? []) as string[];
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => around.isFull || required.includes(name))
      .map(([name, property]) => [name, valueOf(property, name, { ...around, depth: around.depth + 1 })]),
  );
}

function listOf(schema: Json, name: string, around: Surroundings): unknown[] {
  const fixed = schema['prefixItems'] as Json[] | undefined;
  if (fixed !== undefined) {
    return fixed.map((item) => valueOf(item, name, around));
  }
  const items = schema['items'] as Json | undefined;
  const count = Math.max(Number(schema['minItems'] ?? 0), around.isFull ? 1 : 0);
  return items === undefined || around.depth > deepest
    ? []
    : Array.from({ length: count }, () => valueOf(items, name.replace(/s$/, ''), { ...around, depth: around.depth + 1 }));
}

function textOf(schema: Json, name: string): string {
  const {
    format,
    pattern,
    minLength = 0,
    maxLength = Infinity,
  } = schema as { format?: string; pattern?: string; minLength?: number; maxLength?: number };
  const ofFormat = format === undefined ? undefined : byFormat[format];
  const fits = (text: string) =>
    text.length >= minLength && text.length <= maxLength && (pattern === undefined || new RegExp(pattern, 'u').test(text));
  const wishes = [ofFormat, byName[name], schema['default'], ...texts].filter((text): text is string => typeof text === 'string');
  return wishes.find(fits) ?? 'x'.repeat(Math.max(1, minLength));
}

function numberOf(schema: Json): number {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema as Record<string, number | undefined>;
  const wish = typeof schema['default'] === 'number' ? schema['default'] : 1;
  const least = Math.max(minimum, exclusiveMinimum === -Infinity ? -Infinity : exclusiveMinimum + (schema['type'] === 'integer' ? 1 : 0.5));
  return Math.min(maximum, Math.max(least, wish));
}
