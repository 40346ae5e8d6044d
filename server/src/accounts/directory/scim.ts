/** The forms of SCIM 2.0 (RFC 7643, RFC 7644) that every resource shares: filters, paths of PATCH, lists, errors. */
import { AppError } from '../../core/errors.ts';

export const scimSchemas = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
} as const;

/** A refusal with SCIM’s own word for its kind (RFC 7644, section 3.12). */
export const scimError = (scimType: string, message: string) =>
  new AppError(scimType === 'uniqueness' ? 'conflict' : scimType === 'mutability' ? 'wrong_state' : 'invalid_input', message, {
    details: { scimType },
  });

/** Reads `attribute eq "value"`. Throws invalidFilter for what is not understood, so that nobody takes a whole list for a match. */
export function parseFilter(filter: string | undefined, attributes: readonly string[]): { attribute: string; value: string } | null {
  if (filter === undefined || filter.trim() === '') {
    return null;
  }
  const match = /^\s*([\w:.]+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter);
  const name = match?.[1]?.replace(/^urn:.*:/, '').toLowerCase();
  const attribute = attributes.find((each) => each.toLowerCase() === name);
  if (match?.[2] === undefined || attribute === undefined) {
    throw scimError('invalidFilter', `Filters have the form: attribute eq "value", with one of ${attributes.join(', ')}.`);
  }
  try {
    return { attribute, value: String(JSON.parse(match[2])) };
  } catch {
    throw scimError('invalidFilter', 'The value of the filter is no JSON string.');
  }
}

/** Where a page begins, from 0, and how many it holds at most. */
export function pageOfQuery({ startIndex, count }: { startIndex: number; count: number }): { offset: number; limit: number } {
  return { offset: Math.max(1, startIndex) - 1, limit: Math.min(500, Math.max(0, count)) };
}

/** A page as SCIM writes it. */
export function presentList<T>(resources: T[], totalResults: number, offset: number) {
  return { schemas: [scimSchemas.list], totalResults, startIndex: offset + 1, itemsPerPage: resources.length, Resources: resources };
}

/** One change of a PATCH: what to do with which attribute. */
export interface Change {
  op: 'add' | 'replace' | 'remove';
  /** Lower-case, without the schema’s prefix; `emails[...].value` is `emails`. */
  attribute: string;
  /** Inside `members[value eq "…"]`. */
  selected: string | null;
  value: unknown;
}

interface Operation {
  op: string;
  path?: string | null | undefined;
  value?: unknown;
}

/** Takes the operations of a PATCH apart (RFC 7644, section 3.5.2). Operations without a path carry an object of attributes. */
export function readChanges(operations: readonly Operation[]): Change[] {
  return operations.flatMap((operation) => {
    const op = operation.op.toLowerCase();
    if (op !== 'add' && op !== 'replace' && op !== 'remove') {
      throw scimError('invalidSyntax', `The operation ${JSON.stringify(operation.op)} is not one of add, replace, remove.`);
    }
    const { path } = operation;
    if (path !== undefined && path !== null && path !== '') {
      return [{ op, ...readPath(path), value: operation.value }];
    }
    if (op === 'remove' || typeof operation.value !== 'object' || operation.value === null || Array.isArray(operation.value)) {
      throw scimError(op === 'remove' ? 'noTarget' : 'invalidValue', 'An operation without a path carries an object of attributes.');
    }
    return Object.entries(operation.value).map(([name, value]) => ({ op, ...readPath(name), value }));
  });
}

function readPath(path: string): Pick<Change, 'attribute' | 'selected'> {
  const match = /^(?:urn:[^\s[\]]*:)?([A-Za-z$][\w$-]*)(\[[^\]]*\])?(?:\.([\w-]+))?$/.exec(path.trim());
  if (match?.[1] === undefined) {
    throw scimError('invalidPath', `The path ${JSON.stringify(path.slice(0, 100))} is not understood.`);
  }
  const isName = match[1].toLowerCase() === 'name' && match[3] !== undefined;
  const selected = /^\[\s*value\s+eq\s+"([^"]*)"\s*\]$/i.exec(match[2] ?? '')?.[1] ?? null;
  return { attribute: (isName ? `name.${match[3]}` : match[1]).toLowerCase(), selected };
}

/** A truth value as directories write it: some send the words. */
export function readTruth(value: unknown): boolean {
  const word = typeof value === 'string' ? value.toLowerCase() : value;
  if (word === true || word === 'true') {
    return true;
  }
  if (word === false || word === 'false') {
    return false;
  }
  throw scimError('invalidValue', 'active is true or false.');
}

/** A text of limited length. */
export function readText(value: unknown, name: string, longest = 254): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > longest || value.includes('\u0000')) {
    throw scimError('invalidValue', `${name} is a text of 1 to ${longest} characters.`);
  }
  return value.trim();
}
