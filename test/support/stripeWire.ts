/** The wire of Stripe's API: form-encoded bodies with brackets, errors, expandable fields. */
export type Form = { [name: string]: string | Form };

/** Reads `a[b][0][c]=d` into nested objects, as Stripe's API does. */
export function parseForm(text: string): Form {
  const root: Form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = [...name.matchAll(/([^[\]]+)/g)].map((match) => match[1] ?? '');
    let place = root;
    for (const part of path.slice(0, -1)) {
      const next = place[part];
      place = typeof next === 'object' ? next : (place[part] = {});
    }
    place[path.at(-1) ?? ''] = value;
  }
  return root;
}

/** A part of a form that is a list or an object. */
export const partsOf = (value: string | Form | undefined): Form[] =>
  typeof value === 'object' ? Object.values(value).filter((each): each is Form => typeof each === 'object') : [];

export const textOf = (value: string | Form | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** A refusal as Stripe writes it. */
export class WireError extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, type: string, code: string, message: string) {
    super(message);
    this.status = status;
    this.body = { error: { type, code, message, doc_url: `https://docs.stripe.com/error-codes/${code}` } };
  }
}

export const missing = (what: string, id: string) =>
  new WireError(404, 'invalid_request_error', 'resource_missing', `No such ${what}: '${id}'`);

type Json = Record<string, unknown>;

/** Answers `object` with the fields along `path` (`data.latest_invoice`) looked up instead of named. */
export function expand(object: unknown, path: readonly string[], find: (id: string) => unknown): unknown {
  const [field, ...rest] = path;
  if (field === undefined || object === null || typeof object !== 'object') {
    return object;
  }
  if (Array.isArray(object)) {
    return object.map((each: unknown) => expand(each, path, find));
  }
  const value = (object as Json)[field];
  const found = typeof value === 'string' ? (find(value) ?? value) : value;
  return { ...object, [field]: expand(found, rest, find) };
}

/** A failure as the API answers it. */
export function failed(status: number, type = status >= 500 ? 'api_error' : 'invalid_request_error'): { status: number; answer: string } {
  return { status, answer: JSON.stringify({ error: { type, message: `A made-up failure (${status}).` } }) };
}

/** A promise that is kept when somebody opens the gate. */
export function createGate(): { opened: Promise<void>; open: () => void } {
  const gate = new AbortController();
  const opened = new Promise<void>((resolve) => gate.signal.addEventListener('abort', () => resolve()));
  return { opened, open: () => gate.abort() };
}
