/**
 * Reading by one message: the scope of row-level security and the statements travel together as one simple query, which PostgreSQL runs as
 * one transaction (documentation, "Multiple Statements in a Simple Query"). The scope ends with it, so nothing stays on the connection, which
 * is what a pooler in transaction mode wants. The connections are those of Sequelize's pool; what Sequelize does around a query is left out.
 */
import type { Sequelize } from 'sequelize';

/** The connections of node-postgres in Sequelize's pool; neither is in its types. */
interface Connection {
  query(text: string): Promise<unknown>;
}
interface ConnectionPool {
  getConnection(wish: { type: 'SELECT' }): Promise<Connection>;
  releaseConnection(connection: Connection): void;
}

/** One statement that only reads, and whose rows it may see. */
export interface Reading {
  /** Null: across all workspaces. */
  workspaceId: string | null;
  sql: string;
  /** For the `:names` in it. */
  values?: Readonly<Record<string, unknown>>;
}

/** A reading for each kind of row. */
export type Readings<R extends readonly object[]> = { readonly [K in keyof R]: Reading };

/** Answers the rows of each reading. */
export type Reader = (readings: readonly Reading[]) => Promise<object[][]>;

/** Builds it on the pool of a Sequelize instance. */
export function createReader(
  sequelize: Sequelize,
  scopeOf: (workspaceId: string | null) => string,
  onQuery: (sql: string) => void,
): Reader {
  const pool = sequelize.connectionManager as unknown as ConnectionPool;
  const fill = createFill((value) => sequelize.escape(value as string));
  return async (readings) => {
    const parts: string[] = [];
    const answers: number[] = [];
    let scope: string | null | undefined;
    for (const { workspaceId, sql, values = {} } of readings) {
      if (scope !== workspaceId) {
        parts.push(scopeOf(workspaceId));
        scope = workspaceId;
      }
      answers.push(parts.push(fill(sql, values)) - 1);
    }
    const text = parts.join('; ');
    onQuery(text);
    const connection = await pool.getConnection({ type: 'SELECT' });
    try {
      const results = (await connection.query(text)) as { rows: object[] }[];
      return answers.map((at) => results[at]?.rows ?? []);
    } finally {
      pool.releaseConnection(connection);
    }
  };
}

type Literal = string | number | boolean | Buffer | null;

/** Puts values in the places of `:names`; `::` is a cast. Statements are taken apart once: callers have a few fixed ones. */
export function createFill(escape: (value: Literal) => string) {
  const known = new Map<string, string[]>();
  return (sql: string, values: Readonly<Record<string, unknown>>): string => {
    // Texts and names stand in turns.
    const pieces = known.get(sql) ?? sql.split(/(?<![:\w]):([a-zA-Z]\w*)/);
    known.set(sql, pieces);
    return pieces.map((piece, at) => (at % 2 === 0 ? piece : escape(literalOf(piece, values[piece])))).join('');
  };
}

function literalOf(name: string, value: unknown): Literal {
  if (value instanceof Date) {
    return value.toISOString();
  }
  if (value === null || value instanceof Buffer || ['string', 'number', 'boolean'].includes(typeof value)) {
    return value as Literal;
  }
  throw new Error(`The statement names :${name}, which has no value that can stand in a statement.`);
}
