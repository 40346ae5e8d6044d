/**
 * The one door to PostgreSQL.
 *
 * Everything a customer owns is read and written inside `inWorkspace`, whose transaction carries the workspace's id for row-level
 * security; work across workspaces says so by `asSystem`. Both settings are local to the transaction, so that nothing leaks through
 * a connection pooler in transaction mode. A query outside both sees no customer row at all.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Model, type ModelStatic, QueryTypes, type Sequelize, type Transaction, type TransactionOptions } from 'sequelize';
import type { Log } from '../core/log.ts';
import { connect } from './connect.ts';
import { createReader, type Reading, type Readings } from './reader.ts';

export type Tx = Transaction;

/** Defines one model on a connection; called once for each database. */
export type ModelDefinition<M extends Model> = (sequelize: Sequelize) => ModelStatic<M>;

export interface Database {
  readonly sequelize: Sequelize;
  /** The model that `define` makes, made at its first use. */
  model<M extends Model>(define: ModelDefinition<M>): ModelStatic<M>;
  /** Runs `work` in one transaction that sees and writes the rows of one workspace. */
  inWorkspace<T>(workspaceId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `work` in one transaction across all workspaces: for agents, jobs and sign-in. */
  asSystem<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Rows of a raw query with named `:replacements`. */
  rows<R extends object>(tx: Tx, sql: string, replacements?: Record<string, unknown>): Promise<R[]>;
  /**
   * Rows of a raw query whose large values travel beside it as `$parameters`: they are neither escaped nor parsed as SQL, which for
   * statements of hundreds of kilobytes saves most of their time and memory.
   */
  boundRows<R extends object>(tx: Tx, sql: string, parameters: Record<string, unknown>): Promise<R[]>;
  /** Rows of one raw statement across all workspaces, by one way to the database and back: for what every request asks. */
  systemRows<R extends object>(sql: string, replacements?: Record<string, unknown>): Promise<R[]>;
  /** Rows of several raw statements, by one way to the database and back, in one transaction: for pages that are asked for often. */
  read<R extends readonly object[]>(readings: Readings<R>): Promise<{ [K in keyof R]: R[K][] }>;
  /** Runs a raw statement and answers how many rows it changed. */
  change(tx: Tx, sql: string, replacements?: Record<string, unknown>): Promise<number>;
  /** Refuses or logs, as `isStrict` says, when the caller is inside of a transaction: for what takes its connection elsewhere. */
  requireOutside(): void;
  close(): Promise<void>;
}

/** The part of Sequelize that words the beginning of a transaction; it is not in its types. */
interface TransactionQueries {
  queryGenerator: { startTransactionQuery(tx: { parent?: unknown; options: { scope?: string } }): string };
}

/** Whether the running code is inside of a transaction, which holds a connection. */
const inside = new AsyncLocalStorage<{ isOpen: boolean }>();

/**
 * Connects lazily; the first query opens the first connection. Whoever asks for a second connection inside of a transaction is refused with
 * `isStrict` and logged without: behind a pool of one connection it would wait for itself.
 */
export function createDatabase(options: { url: string; poolSize: number; log: Log; isStrict?: boolean }): Database {
  // Values may be anybody's: the shape of a statement is what a log needs.
  const logQuery = (sql: string) => {
    if (options.log.isLevelEnabled('trace')) {
      options.log.trace({ sql: sql.replace(/'(?:[^'\\]|\\[^]|'')*'?/g, "'…'").slice(0, 400) }, 'query');
    }
  };
  const sequelize = connect(options.url, { poolSize: options.poolSize, onQuery: logQuery });
  const models = new Map<ModelDefinition<never>, ModelStatic<Model>>();

  const refuseNesting = () => {
    if (inside.getStore()?.isOpen === true) {
      const error = new Error('A second connection was asked for inside of a transaction: with a pool of one that waits for ever.');
      if (options.isStrict) {
        throw error;
      }
      options.log.error({ err: error }, 'a second connection inside of a transaction');
    }
  };
  const { connectionManager } = sequelize;
  const getConnection = connectionManager.getConnection.bind(connectionManager);
  connectionManager.getConnection = async (wish) => {
    refuseNesting();
    return getConnection(wish);
  };

  // Begin and scope travel together: every statement of its own is a way to the database and back.
  const scopeOf = (workspaceId: string | null) =>
    `SELECT set_config('carmic.workspace_id', ${sequelize.escape(workspaceId ?? '')}, true), set_config('carmic.system', '${workspaceId === null ? 'on' : ''}', true)`;
  const read = createReader(sequelize, scopeOf, logQuery);
  const { queryGenerator } = sequelize.getQueryInterface() as unknown as TransactionQueries;
  const startTransaction = queryGenerator.startTransactionQuery.bind(queryGenerator);
  queryGenerator.startTransactionQuery = (tx) => {
    const { scope } = tx.options;
    return tx.parent === undefined && scope !== undefined ? `START TRANSACTION; ${scope};` : startTransaction(tx);
  };

  const scoped = async <T>(workspaceId: string | null, work: (tx: Tx) => Promise<T>): Promise<T> => {
    const options: TransactionOptions & { scope: string } = { scope: scopeOf(workspaceId) };
    return sequelize.transaction(options, async (tx) => {
      const state = { isOpen: true };
      try {
        return await inside.run(state, () => work(tx));
      } finally {
        state.isOpen = false;
      }
    });
  };

  return {
    sequelize,
    model<M extends Model>(define: ModelDefinition<M>) {
      const key = define as unknown as ModelDefinition<never>;
      const made = models.get(key) ?? define(sequelize);
      models.set(key, made as ModelStatic<Model>);
      return made as ModelStatic<M>;
    },
    inWorkspace: (workspaceId, work) => scoped(workspaceId, work),
    asSystem: (work) => scoped(null, work),
    rows: <R extends object>(tx: Tx, sql: string, replacements: Record<string, unknown> = {}) =>
      sequelize.query<R>(sql, { transaction: tx, replacements, type: QueryTypes.SELECT }),
    boundRows: <R extends object>(tx: Tx, sql: string, parameters: Record<string, unknown>) =>
      sequelize.query<R>(sql, { transaction: tx, bind: parameters, type: QueryTypes.SELECT }),
    async systemRows<R extends object>(sql: string, replacements: Record<string, unknown> = {}) {
      const [rows = []] = await read([{ workspaceId: null, sql, values: replacements }]);
      return rows as R[];
    },
    read: async <R extends readonly object[]>(readings: Readings<R>) =>
      (await read(readings as unknown as readonly Reading[])) as unknown as { [K in keyof R]: R[K][] },
    async change(tx, sql, replacements = {}) {
      const [, count] = await sequelize.query(sql, { transaction: tx, replacements, type: QueryTypes.UPDATE });
      return count;
    },
    requireOutside: refuseNesting,
    close: () => sequelize.close(),
  };
}

/** Tells whether an error is a broken unique constraint. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && error.name === 'SequelizeUniqueConstraintError';
}
