/** Finds the route of a request by its path, part by part: the time it takes does not grow with the number of routes. */

interface End<N extends string> {
  name: N;
  parameters: readonly string[];
}

interface Node<N extends string> {
  literals: Map<string, Node<N>>;
  parameter: Node<N> | null;
  /** By method. */
  ends: Map<string, End<N>>;
}

const newNode = <N extends string>(): Node<N> => ({ literals: new Map(), parameter: null, ends: new Map() });

/** What a request is for, and the parameters of its path; null when no route has this method and path. */
export type Matcher<N extends string> = (method: string, path: string) => { name: N; params: Record<string, string> } | null;

/** Builds the matcher. Parts that begin with `:` are parameters; where a fixed part and a parameter both fit, the fixed one is meant. */
export function createMatcher<N extends string>(routes: readonly { name: N; method: string; path: string }[]): Matcher<N> {
  const root = newNode<N>();
  for (const { name, method, path } of routes) {
    let node = root;
    const parameters: string[] = [];
    for (const part of partsOf(path)) {
      if (part.startsWith(':')) {
        parameters.push(part.slice(1));
        node = node.parameter ??= newNode();
      } else {
        const below = node.literals.get(part) ?? newNode<N>();
        node.literals.set(part, below);
        node = below;
      }
    }
    if (node.ends.has(method)) {
      throw new Error(`Two routes answer ${method} ${path}.`);
    }
    node.ends.set(method, { name, parameters });
  }
  return (method, path) => {
    const parts = partsOf(path);
    const values: string[] = [];
    const end = descend(root, method, parts, 0, values);
    if (end === null) {
      return null;
    }
    return { name: end.name, params: Object.fromEntries(end.parameters.map((parameter, at) => [parameter, decode(values[at] ?? '')])) };
  };
}

/** A slash at the end makes no difference. */
const partsOf = (path: string) => (path.endsWith('/') ? path.slice(1, -1) : path.slice(1)).split('/');

function descend<N extends string>(node: Node<N>, method: string, parts: readonly string[], at: number, values: string[]): End<N> | null {
  const part = parts[at];
  if (part === undefined) {
    return node.ends.get(method) ?? null;
  }
  const literal = node.literals.get(part);
  const found = literal === undefined ? null : descend(literal, method, parts, at + 1, values);
  if (found !== null || node.parameter === null || part === '') {
    return found;
  }
  values.push(part);
  const below = descend(node.parameter, method, parts, at + 1, values);
  if (below === null) {
    values.pop();
  }
  return below;
}

/** A part that is no well-formed encoding is taken as it stands; the route's schema judges it. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
