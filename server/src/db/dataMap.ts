import { tableData, type TableData } from '../core/dataMap.ts';

/** What the tables of this folder hold. */
export const dbData: readonly TableData[] = [
  tableData({
    name: 'schema_migrations',
    about: 'Which migrations ran',
    purpose: 'operation',
    retention: 'installation',
    recipients: [],
    subjects: [],
    columns: {
      name: 'id',
    },
  }),
];
