/** Ids as the text of a PostgreSQL array, for `= ANY(CAST(:ids AS uuid[]))`: thousands of them are one value. */
export function uuidArray(ids: readonly string[]): string {
  return `{${ids.join(',')}}`;
}
