/** One file of a place, as a listing tells it. */
export interface PlacedFile {
  path: string;
  sizeBytes: number;
  writtenAt: Date;
}

/** Where backups are kept: names with slashes and bytes. Everything in it is sealed before it gets here. Methods throw StartError. */
export interface BackupPlace {
  /** For messages. */
  readonly name: string;
  /** Writes a file whole or not at all, replacing what was there. */
  write(path: string, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** The bytes of a file; null when there is none. */
  read(path: string): Promise<AsyncIterable<Uint8Array> | null>;
  /** Every file whose path starts with `prefix`, in no particular order. */
  list(prefix: string): AsyncIterable<PlacedFile>;
  /** Removes files; those that are not there are no error. */
  remove(paths: readonly string[]): Promise<void>;
}
