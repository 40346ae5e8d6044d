/** Brings every key of the installation under the current root key, and objects' keys under their workspaces' newest. Keeps: S1. */
import type { Database } from '../db/database.ts';
import { rewrapColumnKeys } from '../keyring/columnKeys.ts';
import { rewrapInstanceSecret } from '../keyring/instanceSecret.ts';
import type { KeyProvider } from '../keyring/keyProvider.ts';
import type { KeyReport } from './objectKeys.ts';
import type { ObjectStore } from './objectStore.ts';

/** What is needed to keep keys in order. */
export interface KeyHolders {
  db: Database;
  rootKeys: KeyProvider;
  store: ObjectStore;
}

const nothing: KeyReport = { rewrappedKeys: 0, rewrappedObjects: 0, destroyedKeys: 0, waitingKeys: 0 };

/** Goes once over all keys; what is interrupted is finished by the next call. */
export async function tidyKeys({ db, rootKeys, store }: KeyHolders): Promise<KeyReport> {
  const report = (await store.keys?.tidy()) ?? nothing;
  const isSecretMoved = await rewrapInstanceSecret(db, rootKeys);
  const columnKeys = await rewrapColumnKeys(db, rootKeys);
  return { ...report, rewrappedKeys: report.rewrappedKeys + columnKeys + (isSecretMoved ? 1 : 0) };
}

/** Whether anything still hangs on a former root key: asked after `tidyKeys`, before that key is destroyed. */
export async function needsFormerRootKey(holders: KeyHolders): Promise<boolean> {
  const { db, rootKeys, store } = holders;
  if (await store.keys?.countFormer()) {
    return true;
  }
  const isSecretMoved = await rewrapInstanceSecret(db, rootKeys);
  return (await rewrapColumnKeys(db, rootKeys)) > 0 || isSecretMoved;
}
