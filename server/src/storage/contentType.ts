import { StorageError } from './storageError.ts';

/** Returns a plain media type as it is. Throws invalid_content_type for anything else. */
export function requireContentType(value: string): string {
  if (value.length > 100 || !/^[a-z0-9.+-]+\/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?$/i.test(value)) {
    throw new StorageError('invalid_content_type', 'The content type is a plain media type of at most 100 characters.');
  }
  return value;
}
