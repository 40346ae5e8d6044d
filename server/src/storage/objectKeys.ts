/** What became of the keys in one go. */
export interface KeyReport {
  /** Keys of workspaces that were put under the current root key. */
  rewrappedKeys: number;
  /** Objects whose own keys were put under their workspace's newest key. */
  rewrappedObjects: number;
  /** Former keys of workspaces that nothing hung on any more, and keys of workspaces without objects: destroyed. */
  destroyedKeys: number;
  /** Former keys of workspaces that were kept, because something may still hang on them. */
  waitingKeys: number;
}

/** The keys of a store, for those who keep them in order. */
export interface ObjectKeys {
  /**
   * Brings all keys to where they should be: workspaces' keys under the current root key, objects' keys under their workspace's newest key,
   * and what nothing hangs on destroyed. May be stopped at any time and run again, also by several processes at once.
   */
  tidy(): Promise<KeyReport>;
  /** Gives a workspace a new key; `tidy` then moves its objects' keys and destroys the former one. */
  renew(workspaceId: string): Promise<void>;
  /** Workspaces' keys that are under another root key than the current one. */
  countFormer(): Promise<number>;
}
