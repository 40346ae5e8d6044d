import * as contract from '@carmic/contract';
import { directoryErrorSchema, errorReplySchema, isIdempotent, type Policy, type RouteDefinition, routes } from '@carmic/contract';
import { z } from 'zod';
import { exampleOf } from './exampleOf.ts';

type Json = Record<string, unknown>;

const policyWords: Record<Policy, string> = {
  public: 'Anybody may call it.',
  person: 'Any signed-in person may call it.',
  viewer: 'Members of the workspace may call it.',
  editor: 'Editors and owners of the workspace may call it.',
  owner: 'Owners of the workspace may call it.',
  admin: 'Administrators of the instance may call it.',
  agent: 'Enrolled agents may call it, with the token of their enrolment.',
  directory: 'The directory of an identity provider may call it, with its own token (SCIM 2.0, media type application/scim+json).',
};

/** Builds the OpenAPI 3.1 document of the whole API from the contract's route table. */
export function buildOpenApi(version: string): Json {
  nameSchemas();
  const components: Json = {};
  const error = toReply(errorReplySchema, components);
  const directoryError = toReply(directoryErrorSchema, components);
  const paths: Record<string, Json> = {};
  for (const [name, route] of Object.entries(routes) as [string, RouteDefinition][]) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: buildOperation(name, route, route.policy === 'directory' ? directoryError : error, components),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Carmic',
      version,
      description:
        'Turns long videos into short, captioned clips. Errors have one form; times are ISO-8601 in UTC; lists are pages with a cursor.',
      license: { name: 'AGPL-3.0-only', identifier: 'AGPL-3.0-only' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-carmic', description: 'Set by signing in' },
        token: { type: 'http', scheme: 'bearer', description: 'An API key, a session token, or the token of an agent or a directory' },
      },
    },
  };
}

/** Gives every schema that the contract exports its name, so that replies refer to it instead of repeating it. */
function nameSchemas(): void {
  for (const [name, value] of Object.entries(contract)) {
    if (value instanceof z.ZodType && name.endsWith('Schema') && isObjectLike(value)) {
      const id = `${name.charAt(0).toUpperCase()}${name.slice(1, -'Schema'.length)}`;
      z.globalRegistry.add(value, { ...z.globalRegistry.get(value), id });
    }
  }
}

function isObjectLike(schema: z.ZodType): boolean {
  return schema instanceof z.ZodObject || schema instanceof z.ZodDiscriminatedUnion;
}

/** The schema of a reply; the named schemas in it go to `components`. */
function toReply(schema: z.ZodType, components: Json): Json {
  const text = JSON.stringify(toSchema(schema, 'output')).replaceAll('#/$defs/', '#/components/schemas/');
  const { $defs = {}, ...rest } = JSON.parse(text) as Json & { $defs?: Json };
  for (const [name, definition] of Object.entries($defs)) {
    const { id: _, ...clean } = definition as Json;
    components[name] = clean;
  }
  const { id, ...own } = rest;
  if (typeof id !== 'string') {
    return own;
  }
  components[id] = own;
  return { $ref: `#/components/schemas/${id}` };
}

function buildOperation(name: string, route: RouteDefinition, errorReply: Json, components: Json): Json {
  const error = { description: 'What went wrong', content: { 'application/json': { schema: errorReply } } };
  return {
    operationId: name,
    summary: route.summary,
    description: policyWords[route.policy],
    tags: [route.policy === 'directory' ? 'scim' : (route.path.split('/')[3] ?? 'carmic')],
    security:
      route.policy === 'public'
        ? []
        : route.policy === 'agent' || route.policy === 'directory'
          ? [{ token: [] }]
          : [{ session: [] }, { token: [] }],
    parameters: [
      ...buildParameters(route.params, 'path'),
      ...buildParameters(route.query, 'query'),
      ...(isIdempotent(route)
        ? [
            {
              name: 'Idempotency-Key',
              in: 'header',
              required: false,
              schema: { type: 'string' },
              description: 'The same key gives the same answer once more',
            },
          ]
        : []),
      ...(route.hasEtag === true && route.method !== 'GET'
        ? [
            {
              name: 'If-Match',
              in: 'header',
              required: route.demandsMatch === true,
              schema: { type: 'string' },
              description: 'The ETag that was read: another version is answered with 412 and nothing is changed',
            },
          ]
        : []),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: withoutNames(toSchema(route.body, 'input')), example: exampleOf(route.body) } },
          },
        }),
    responses: {
      [route.status]: buildReply(route, components),
      default: error,
    },
  };
}

function buildReply(route: RouteDefinition, components: Json): Json {
  switch (route.answers) {
    case 'file':
      return { description: 'The file', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };
    case 'events':
      return {
        description: 'Server-sent events until somebody hangs up',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      };
    case 'redirect':
      return { description: 'Leads the browser on', headers: { Location: { schema: { type: 'string' } } } };
    default:
      return route.status === 204
        ? { description: 'Done; there is nothing to say' }
        : { description: 'Done', content: { 'application/json': { schema: toReply(route.reply, components) } } };
  }
}

function buildParameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!(schema instanceof z.ZodObject)) {
    return [];
  }
  const { properties = {}, required = [] } = toSchema(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** Bodies are written out: what may be sent differs from what is answered (defaults), so the names would lie. */
function withoutNames(schema: Json): Json {
  const { $defs = {}, ...rest } = schema as Json & { $defs?: Json };
  const expand = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(expand);
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const { $ref, ...own } = value as Json;
    // A name is a text; a property that happens to be called "id" is a schema.
    if (typeof own['id'] === 'string') {
      delete own['id'];
    }
    const target = typeof $ref === 'string' ? expand($defs[$ref.slice('#/$defs/'.length)]) : {};
    return { ...(target as Json), ...Object.fromEntries(Object.entries(own).map(([key, each]) => [key, expand(each)])) };
  };
  return expand(rest) as Json;
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' }) as Json;
  return rest;
}
