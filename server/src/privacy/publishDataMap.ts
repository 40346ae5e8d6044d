import type { PublishedDataMap } from '@carmic/contract';
import {
  columnData,
  type DataClass,
  dataClasses,
  type DataMap,
  legalBases,
  purposes,
  recipients,
  retentions,
  type TableData,
} from '../core/dataMap.ts';
import { release } from '../core/release.ts';

const keptBack: ReadonlySet<DataClass> = new Set(['credential', 'derived', 'otherPerson']);

/** Whether values of a class are in the archive of a person's data. */
export const isExported = (dataClass: DataClass): boolean => !keptBack.has(dataClass);

/** Whether rows of a table belong to somebody. */
export const isPersonal = (table: TableData): boolean => table.subjects.length > 0;

/** The data map as everybody may read it. */
export function publishDataMap(map: DataMap): PublishedDataMap {
  return {
    format: 'carmic-data-map/1',
    release: release.version,
    ...{ classes: dataClasses, purposes, legalBases, retentions, recipients },
    tables: map.tables.map((table) => ({
      name: table.name,
      about: table.about,
      purpose: table.purpose,
      retention: table.retention,
      recipients: [...table.recipients],
      isPersonal: isPersonal(table),
      columns: Object.entries(table.columns).map(([name, declaration]) => {
        const { class: dataClass, purpose, retention, recipients: to } = columnData(table, declaration);
        const isSealed = name.endsWith('_sealed');
        return {
          ...{ name, class: dataClass, purpose, retention, recipients: [...to], isSealed },
          isExported: isPersonal(table) && isExported(dataClass),
        };
      }),
    })),
    objects: Object.entries(map.objects).map(([kind, object]) => ({ kind, ...object, recipients: [...object.recipients] })),
    logFields: Object.entries(map.logFields).map(([name, field]) => ({ name, ...field })),
  };
}
