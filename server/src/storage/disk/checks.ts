import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { KeyError } from '../../keyring/keyProvider.ts';
import { keys } from '../keys.ts';
import type { ObjectKeys } from '../objectKeys.ts';
import type { ObjectStore, StorageCheck } from '../objectStore.ts';
import { StorageError } from '../storageError.ts';
import { freeBytes } from './freeSpace.ts';

/** Looks whether the disk store can be used: private directory, room, keys, and one object written, read back and removed. */
export async function checkDisk(
  store: ObjectStore,
  objectKeys: ObjectKeys,
  directory: string,
  reserveBytes: number,
): Promise<StorageCheck[]> {
  return [
    await checkPrivacy(directory),
    await checkSpace(directory, reserveBytes),
    await checkKeys(objectKeys),
    await checkRoundTrip(store, directory),
  ];
}

async function checkKeys(objectKeys: ObjectKeys): Promise<StorageCheck> {
  const check = { name: 'root_key', isFatal: false };
  try {
    const count = await objectKeys.countFormer();
    if (count === 0) {
      return {
        ...check,
        passed: true,
        finding: 'keys_current',
        values: {},
        message: 'Every key of a workspace is wrapped by the current root key.',
        remedy: null,
        command: null,
      };
    }
    return {
      ...check,
      passed: false,
      finding: 'keys_former',
      values: { count },
      message: `${count === 1 ? 'One key' : `${count} keys`} of workspaces hang on a former root key.`,
      remedy: 'Put them under the current one; keep the former root key until that is done.',
      command: 'carmic rotate-keys --finish',
    };
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof KeyError)) {
      throw error;
    }
    return {
      ...check,
      passed: false,
      finding: 'keys_unreadable',
      values: { reason: error.message },
      message: error.message,
      remedy: 'Mend that before the server is started again.',
      command: null,
    };
  }
}

async function checkPrivacy(directory: string): Promise<StorageCheck> {
  const { mode } = await stat(directory);
  const passed = (mode & 0o077) === 0;
  return {
    name: 'private_directory',
    passed,
    isFatal: false,
    finding: passed ? 'directory_private' : 'directory_open',
    values: {},
    message: passed ? 'Only this user can read the object directory.' : 'Other users of this machine can look into the object directory.',
    remedy: passed ? null : 'Take the rights of others away.',
    command: passed ? null : `chmod 700 ${directory}`,
  };
}

async function checkSpace(directory: string, reserveBytes: number): Promise<StorageCheck> {
  const free = await freeBytes(directory);
  const passed = free > reserveBytes;
  const reserve = reserveBytes < 5e7 ? '' : `, of which ${(reserveBytes / 1e9).toFixed(1)} GB stay reserved`;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  return {
    name: 'free_space',
    passed,
    isFatal: false,
    finding: passed ? 'space_free' : 'space_short',
    values: { freeBytes: free, reservedBytes: reserveBytes, directory },
    message: passed
      ? `${gigabytes(free)} are free${reserve}.`
      : `Only ${gigabytes(free)} are free and ${gigabytes(reserveBytes)} stay reserved: uploads are refused.`,
    remedy: passed ? null : `Free some space on the disk of ${directory}, or lower CARMIC_MIN_FREE_BYTES.`,
    command: passed ? null : `df -h ${directory}`,
  };
}

async function checkRoundTrip(store: ObjectStore, directory: string): Promise<StorageCheck> {
  const key = keys.probe(randomUUID());
  const text = Buffer.from('Carmic tries its storage.');
  try {
    await store.put(key, text, { contentType: 'text/plain', maxBytes: text.length });
    const { stream } = await store.get(key);
    const read = Buffer.concat(await stream.toArray());
    await store.delete([key]);
    const passed = read.equals(text);
    return {
      name: 'round_trip',
      passed,
      isFatal: true,
      finding: passed ? 'round_trip' : 'round_trip_differs',
      values: { directory },
      message: passed ? 'An object was written, read back and removed.' : 'An object that was read back was not the one written.',
      remedy: passed ? null : `Check the disk of ${directory}.`,
      command: null,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      name: 'round_trip',
      passed: false,
      isFatal: true,
      finding: 'round_trip_failed',
      values: { directory, reason },
      message: `No object could be written and read back: ${reason}`,
      remedy: `Make ${directory} writable for this user and free some space on its disk.`,
      command: `ls -ld ${directory}; df -h ${directory}`,
    };
  }
}
