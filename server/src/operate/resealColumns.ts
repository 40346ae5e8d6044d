/** Seals every column anew that was sealed under a former key: what the data map calls sealed, table by table, while everything is in use. Keeps: S1. */
import type { Sealer } from '../core/crypto.ts';
import { columnData, type DataMap } from '../core/dataMap.ts';
import type { Database } from '../db/database.ts';

/** One sealed column of the database. */
export interface SealedColumn {
  table: string;
  column: string;
  /** What its values are bound to: this, and the columns `by` of the row. */
  context: string;
  by: readonly string[];
}

/** What sealing anew did. */
export interface ResealReport {
  columns: number;
  values: number;
  /** Values that no key of this installation opens, by column: they were left as they are. */
  unreadable: Readonly<Record<string, number>>;
}

interface Row {
  place: string;
  bound: string[];
  sealed: Buffer;
}

const batch = 500;

/** Every sealed column that the data map knows. */
export function sealedColumns({ tables }: Pick<DataMap, 'tables'>): SealedColumn[] {
  return tables.flatMap((table) =>
    Object.entries(table.columns).flatMap(([column, declaration]) => {
      const { sealed } = columnData(table, declaration);
      return sealed === undefined ? [] : [{ table: table.name, column, context: sealed.context, by: (sealed.by ?? 'id').split(':') }];
    }),
  );
}

/** Seals anew what is not sealed under `version` yet, the version that `sealer` writes with. What is interrupted is finished by the next call. */
export async function resealColumns(
  db: Database,
  sealer: Sealer,
  version: number,
  columns: readonly SealedColumn[],
  say: (line: string) => void,
): Promise<ResealReport> {
  const unreadable: Record<string, number> = {};
  let values = 0;
  for (const column of columns) {
    const done = await resealColumn(db, sealer, version, column);
    values += done.values;
    const name = `${column.table}.${column.column}`;
    if (done.unreadable > 0) {
      unreadable[name] = done.unreadable;
    }
    if (done.values > 0) {
      say(`${name}: ${done.values} values sealed anew.`);
    }
  }
  return { columns: columns.length, values, unreadable };
}

async function resealColumn(
  db: Database,
  sealer: Sealer,
  version: number,
  column: SealedColumn,
): Promise<{ values: number; unreadable: number }> {
  const { table, column: name, context, by } = column;
  let values = 0;
  // A row that somebody else changes moves; what moved behind us is found by the next round, until a round finds nothing to do.
  for (;;) {
    let after = '(0,0)';
    let found = 0;
    let unreadable = 0;
    for (;;) {
      const rows = await db.asSystem((tx) =>
        db.rows<Row>(
          tx,
          `SELECT ctid::text AS place, ARRAY[${by.map((each) => `"${each}"::text`).join(', ')}] AS bound, "${name}" AS sealed FROM "${table}"
           WHERE ctid > CAST(:after AS tid) AND length("${name}") > 0 AND get_byte("${name}", 0) <> :version ORDER BY ctid LIMIT ${batch}`,
          { after, version },
        ),
      );
      const last = rows.at(-1);
      if (last === undefined) {
        break;
      }
      after = last.place;
      const anew = rows.flatMap((row) => {
        const bound = `${context}:${row.bound.join(':')}`;
        const plain = openOrNull(sealer, bound, row.sealed);
        return plain === null ? [] : [{ ...row, made: sealer.seal(bound, plain) }];
      });
      unreadable += rows.length - anew.length;
      found += anew.length;
      if (anew.length > 0) {
        values += (await replace(db, table, name, anew)).length;
      }
    }
    if (found === 0) {
      return { values, unreadable };
    }
  }
}

/** Only what is still as it was read is replaced. */
function replace(db: Database, table: string, name: string, rows: readonly (Row & { made: Buffer })[]): Promise<object[]> {
  return db.asSystem((tx) =>
    db.boundRows(
      tx,
      `UPDATE "${table}" t SET "${name}" = v.made
       FROM (SELECT CAST(place AS tid) AS place, sealed, made
             FROM unnest(CAST($places AS text[]), CAST($sealed AS bytea[]), CAST($made AS bytea[])) AS u (place, sealed, made)) v
       WHERE t.ctid = v.place AND t."${name}" = v.sealed RETURNING 1 AS done`,
      { places: rows.map(({ place }) => place), sealed: rows.map(({ sealed }) => sealed), made: rows.map(({ made }) => made) },
    ),
  );
}

function openOrNull(sealer: Sealer, context: string, sealed: Buffer): string | null {
  try {
    return sealer.open(context, sealed);
  } catch {
    return null;
  }
}
