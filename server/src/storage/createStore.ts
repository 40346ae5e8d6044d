import { type DiskStore, type DiskStoreOptions, openDiskStore } from './disk/diskStore.ts';

/** What chooses and configures the driver. */
export type StoreConfig = DiskStoreOptions;

/** Opens the object store that the configuration asks for. Throws wrong_key or unavailable, which must end the start. */
export async function createStore(config: StoreConfig): Promise<DiskStore> {
  return openDiskStore(config);
}
