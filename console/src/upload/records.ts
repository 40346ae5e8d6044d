/** What is kept of an unfinished upload so that it can go on after a reload. */
export interface UploadRecord {
  uploadId: string;
  videoId: string;
  fileName: string;
  title: string;
  sizeBytes: number;
  lastModified: number;
}

type Store = Pick<Storage, 'getItem' | 'setItem'>;

const key = 'carmic.uploads';

/** Reads the unfinished uploads of this browser; whatever is not one is left out. */
export function readRecords(store: Store): UploadRecord[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(store.getItem(key) ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(parsed) ? parsed.filter(isRecord) : [];
}

/** Adds or replaces the record of one upload. */
export function saveRecord(store: Store, record: UploadRecord): void {
  write(store, [...readRecords(store).filter((item) => item.uploadId !== record.uploadId), record]);
}

/** Forgets an upload. */
export function removeRecord(store: Store, uploadId: string): void {
  write(
    store,
    readRecords(store).filter((item) => item.uploadId !== uploadId),
  );
}

function write(store: Store, records: readonly UploadRecord[]): void {
  try {
    store.setItem(key, JSON.stringify(records));
  } catch {
    // Storage can be full or blocked: the upload itself goes on, it only cannot be resumed from the list after a reload.
  }
}

function isRecord(value: unknown): value is UploadRecord {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const record = value as Record<string, unknown>;
  return (
    ['uploadId', 'videoId', 'fileName', 'title'].every((name) => typeof record[name] === 'string') &&
    ['sizeBytes', 'lastModified'].every((name) => typeof record[name] === 'number')
  );
}
