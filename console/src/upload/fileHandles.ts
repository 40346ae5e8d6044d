/**
 * Handles to chosen files, kept in IndexedDB where the browser gives them (Chromium, secure contexts), so that an upload goes on
 * after a reload with one click instead of choosing the file again. Everything here is optional: without it the file is asked for.
 */

/** The part of the File System Access API that is used here and that TypeScript's DOM types lack. */
export interface FileHandle {
  readonly kind: 'file';
  getFile(): Promise<File>;
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>;
}

const databaseName = 'carmic';
const storeName = 'file-handles';

/** Keeps the handle of an upload's file. */
export async function saveHandle(uploadId: string, handle: FileHandle): Promise<void> {
  await withStore('readwrite', (store) => store.put(handle, uploadId)).catch(ignoreBlocked);
}

/** Forgets the handle of an upload's file. */
export async function removeHandle(uploadId: string): Promise<void> {
  await withStore('readwrite', (store) => store.delete(uploadId)).catch(ignoreBlocked);
}

/** The kept handle of an upload's file, or null. */
export async function findHandle(uploadId: string): Promise<FileHandle | null> {
  const found: unknown = await withStore('readonly', (store) => store.get(uploadId)).catch(ignoreBlocked);
  return isHandle(found) ? found : null;
}

/** Reads the file behind a kept handle, asking for permission, which needs a click. Null when refused or gone. */
export async function fileOf(handle: FileHandle): Promise<File | null> {
  try {
    const permission = (await handle.requestPermission?.({ mode: 'read' })) ?? 'granted';
    return permission === 'granted' ? await handle.getFile() : null;
  } catch {
    return null;
  }
}

function withStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(databaseName, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(storeName);
    opening.onerror = () => reject(opening.error ?? new DOMException('blocked'));
    opening.onsuccess = () => {
      const database = opening.result;
      const request = act(database.transaction(storeName, mode).objectStore(storeName));
      request.onsuccess = () => {
        resolve(request.result);
        database.close();
      };
      request.onerror = () => {
        reject(request.error ?? new DOMException('failed'));
        database.close();
      };
    };
  });
}

/** IndexedDB can be switched off (private windows): the file is asked for then. */
function ignoreBlocked(error: unknown): undefined {
  if (error instanceof DOMException || error instanceof ReferenceError) {
    return undefined;
  }
  throw error;
}

function isHandle(value: unknown): value is FileHandle {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file' && 'getFile' in value;
}
