/**
 * Two stores that look like one while objects move: everything new goes to `next`, what is not there yet is read from `former`.
 *
 * A deletion takes an object from `former` first and from `next` afterwards. Whoever moves copies first and then looks whether the original
 * is still there (moveObjects.ts), so that an object which is deleted while it is being copied is gone from both, whatever comes first.
 */
import type { ObjectStore, StorageCheck } from './objectStore.ts';
import type { ServedStore } from './servedStore.ts';
import { StorageError } from './storageError.ts';

/** Opens both as one. */
export function openMovingStore(next: ServedStore, former: ServedStore): ServedStore {
  const holderOf = async (key: string): Promise<ServedStore> => ((await next.head(key)) === null ? former : next);
  /** Runs work on the store that knows an upload; one that nobody knows fails as the new store says. */
  const withUpload = async <T>(work: (store: ServedStore) => Promise<T>): Promise<T> => {
    try {
      return await work(next);
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      return work(former).catch((second: unknown) => {
        throw isNotFound(second) ? error : second;
      });
    }
  };
  const knowsUpload = (store: ServedStore, key: string, uploadId: string) =>
    store.listParts(key, uploadId).then(
      () => true,
      (error: unknown) => {
        if (isNotFound(error)) {
          return false;
        }
        throw error;
      },
    );
  return {
    ...next,
    // One of the two may be a bucket.
    checksEveryWrite: false,
    // Disk serves uploads that were opened before the move through this server.
    writer: next.writer ?? former.writer,
    keys: next.keys ?? former.keys,
    presignGet: async (key, options) => (await holderOf(key)).presignGet(key, options),
    redirect: async (method, key, options) => (await holderOf(key)).redirect(method, key, options),
    presignPart: async (key, uploadId, options) =>
      ((await knowsUpload(next, key, uploadId)) ? next : former).presignPart(key, uploadId, options),
    putPart: (key, uploadId, options) => withUpload((store) => store.putPart(key, uploadId, options)),
    listParts: (key, uploadId) => withUpload((store) => store.listParts(key, uploadId)),
    completeMultipart: (key, uploadId, parts) => withUpload((store) => store.completeMultipart(key, uploadId, parts)),
    async abortMultipart(key, uploadId) {
      await former.abortMultipart(key, uploadId);
      await next.abortMultipart(key, uploadId);
    },
    listMultipart: (prefix) => oneAfterTheOther(former.listMultipart(prefix), next.listMultipart(prefix)),
    async get(key, range) {
      try {
        return await next.get(key, range);
      } catch (error) {
        if (!isNotFound(error)) {
          throw error;
        }
        return getFromFormer(next, former, key, range);
      }
    },
    head: async (key) => (await next.head(key)) ?? (await former.head(key)) ?? next.head(key),
    async delete(doomed) {
      await former.delete(doomed);
      await next.delete(doomed);
    },
    list: (prefix) => oneAfterTheOther(former.list(prefix), next.list(prefix)),
    listVersions: (prefix) => oneAfterTheOther(former.listVersions(prefix), next.listVersions(prefix)),
    async check() {
      const named = (checks: StorageCheck[]) => checks.map((check) => ({ ...check, name: `former_${check.name}` }));
      return [...(await next.check()), ...named(await former.check())];
    },
  };
}

/** An object that is moved between the two questions is in the new store now. */
async function getFromFormer(next: ServedStore, former: ServedStore, key: string, range: Parameters<ObjectStore['get']>[1]) {
  try {
    return await former.get(key, range);
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
    return next.get(key, range);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'not_found';
}

async function* oneAfterTheOther<T>(...sources: AsyncIterable<T>[]): AsyncGenerator<T> {
  for (const source of sources) {
    yield* source;
  }
}
