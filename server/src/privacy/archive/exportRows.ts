/** Rows of one person as an archive has them: what the data map lets out, opened, and without other people. Keeps: G1, G5. */
import { columnData, type TableData } from '../../core/dataMap.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { isExported } from '../publishDataMap.ts';
import { type PersonScope, rowsInScope } from './personScope.ts';

/** One row: columns by their name in the database, sealed ones opened and without `_sealed`. */
export type ArchiveRow = Record<string, unknown>;

/** One column of an archive. */
export interface ArchiveColumn {
  /** In the database. */
  name: string;
  /** In the archive. */
  key: string;
  isPerson: boolean;
  sealed: { context: string; form: 'text' | 'json'; by: string } | null;
}

/** The columns of a table that are in an archive. */
export function archiveColumns(table: TableData): ArchiveColumn[] {
  return Object.entries(table.columns).flatMap(([name, declaration]) => {
    const { class: dataClass, sealed } = columnData(table, declaration);
    return isExported(dataClass)
      ? [
          {
            name,
            key: sealed === undefined ? name : name.replace(/_sealed$/, ''),
            isPerson: dataClass === 'person',
            sealed: sealed === undefined ? null : { by: 'id', ...sealed },
          },
        ]
      : [];
  });
}

/** All rows of one table that are one person's. */
export async function exportRows(deps: Deps, tx: Tx, table: TableData, scope: PersonScope): Promise<ArchiveRow[]> {
  const columns = archiveColumns(table);
  const { where, values } = rowsInScope(table, scope);
  const rows = await deps.db.rows<{ row: ArchiveRow }>(
    tx,
    `SELECT to_jsonb(x) AS row FROM (SELECT ${columns.map(({ name }) => `t."${name}"`).join(', ')} FROM "${table.name}" t WHERE ${where}) x
     ORDER BY to_jsonb(x)::text`,
    values,
  );
  return rows.map(({ row }) => exportRow(deps, columns, row, scope.userId));
}

function exportRow(deps: Deps, columns: readonly ArchiveColumn[], row: ArchiveRow, userId: string): ArchiveRow {
  return Object.fromEntries(
    columns.map(({ name, key, isPerson, sealed }) => {
      const value = row[name] ?? null;
      if (value === null || (isPerson && value !== userId)) {
        return [key, null];
      }
      if (sealed === null) {
        return [key, value];
      }
      const plain = deps.sealer.open(`${sealed.context}:${String(row[sealed.by])}`, Buffer.from(String(value).slice(2), 'hex'));
      return [key, sealed.form === 'json' ? (JSON.parse(plain) as unknown) : plain];
    }),
  );
}

interface ColumnType {
  column: string;
  type: string;
  is_nullable: boolean;
}

const jsonTypes: Record<string, object> = {
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  smallint: { type: 'integer' },
  bigint: { type: 'integer' },
  'double precision': { type: 'number' },
  real: { type: 'number' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
  'timestamp with time zone': { type: 'string', format: 'date-time' },
  bytea: { type: 'string', description: 'Hexadecimal, after \\x' },
  text: { type: 'string' },
  jsonb: {},
  'uuid[]': { type: 'array', items: { type: 'string', format: 'uuid' } },
};

/** The JSON Schema (2020-12) of one table's file, made from the database and the data map. */
export async function buildTableSchema(deps: Deps, tx: Tx, table: TableData): Promise<object> {
  const types = await deps.db.rows<ColumnType>(
    tx,
    `SELECT a.attname AS column, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS is_nullable FROM pg_attribute a
     WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND NOT a.attisdropped`,
    { table: `public.${table.name}` },
  );
  const byName = new Map(types.map((each) => [each.column, each]));
  const columns = archiveColumns(table);
  const properties = Object.fromEntries(
    columns.map(({ isPerson, key, name, sealed }) => {
      const found = byName.get(name);
      const own = sealed === null ? (jsonTypes[found?.type ?? ''] ?? { type: 'string' }) : sealed.form === 'json' ? {} : { type: 'string' };
      const schema = found?.is_nullable === false && !isPerson ? own : 'type' in own ? { ...own, type: [own.type, 'null'] } : own;
      return [key, schema];
    }),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: table.name,
    description: table.about,
    type: 'array',
    items: { type: 'object', properties, required: columns.map(({ key }) => key), additionalProperties: false },
  };
}
