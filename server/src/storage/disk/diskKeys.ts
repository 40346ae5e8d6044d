/**
 * Keeps the keys of the disk store in order while it is used. Keeps: S1.
 *
 * An object's key moves to its workspace's newest key by one write over its header. A former key is destroyed when a pass that began after
 * every process must have seen the newer one found nothing under it. A workspace without objects has its keys destroyed: what a disk or
 * a copy of it may still hold of them is then unreadable for good.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { KeyProvider } from '../../keyring/keyProvider.ts';
import { keys } from '../keys.ts';
import type { KeyReport, ObjectKeys } from '../objectKeys.ts';
import { hasErrno, StorageError } from '../storageError.ts';
import { readFully, writeFully } from './files.ts';
import { headerBytes } from './format.ts';
import { openHeader, sealHeader, uploadFactsSchema, wrappingIdIn } from './header.ts';
import { instanceOwner, keyFreshMs, type KeyRing, ownerOf } from './keyRing.ts';
import { openInPlace, reseal } from './rewrapHeader.ts';
import { type HeaderNote, mendHeaders, noteHeaders } from './rewrapNotes.ts';
import { headerPath } from './uploadFiles.ts';
import { walkObjects } from './walk.ts';
import type { OwnerKey } from './keyFiles.ts';

const headersAtOnce = 64;
/** A key that was just made may be about to get its first object. */
const unusedMs = 3600_000;

export interface DiskKeysOptions {
  ring: KeyRing;
  rootKeys: KeyProvider;
  blobs: string;
  uploads: string;
  /** Where headers are noted before they are written over. */
  notes: string;
  /** Exists for as long as objects may hang on the key from before workspaces had keys. */
  formerMark: string;
  newPath: () => string;
  clock: Clock;
  /** How long after a newer key a former one is kept at least; by then every process has seen the newer one. */
  graceMs?: number | undefined;
}

export function createDiskKeys(options: DiskKeysOptions): ObjectKeys {
  const { blobs, ring, rootKeys } = options;
  return {
    async tidy() {
      const report: KeyReport = { rewrappedKeys: 0, rewrappedObjects: 0, destroyedKeys: 0, waitingKeys: 0 };
      await mendHeaders(options.notes, ring, (key) => join(blobs, key), options.clock.now());
      await ring.files.recover((owner) => isUnused(options, owner));
      const rootKeyId = await rootKeys.currentKeyId();
      await moveFormerObjects(options, report);
      for (const owner of await ring.files.owners()) {
        for (const name of await ring.files.names(owner)) {
          if ((await ring.files.rootKeyOf(owner, name)) !== rootKeyId) {
            await ring.files.rewrap(owner, name);
            report.rewrappedKeys += 1;
          }
        }
        await retireKeys(options, owner, report);
      }
      return report;
    },
    async renew(workspaceId) {
      keys.workspacePrefix(workspaceId);
      await ring.files.create(workspaceId, options.clock.now().getTime());
    },
    async countFormer() {
      const rootKeyId = await rootKeys.currentKeyId();
      let count = 0;
      for (const owner of await ring.files.owners()) {
        for (const name of await ring.files.names(owner)) {
          const found = await ring.files.rootKeyOf(owner, name);
          count += found === null || found === rootKeyId ? 0 : 1;
        }
      }
      return count;
    },
  };
}

/** Objects from before workspaces had keys get theirs. */
async function moveFormerObjects(options: DiskKeysOptions, report: KeyReport): Promise<void> {
  const { blobs, formerMark, ring } = options;
  try {
    await stat(formerMark);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  const moved = (await moveObjects(options, blobs, '')) + (await moveUploads(options, ring.former));
  report.rewrappedObjects += moved;
  if (moved === 0) {
    await rm(formerMark, { force: true });
  }
}

async function isUnused({ blobs }: DiskKeysOptions, owner: string): Promise<boolean> {
  for await (const _ of walkObjects(join(blobs, keys.workspacePrefix(owner)), keys.workspacePrefix(owner))) {
    return false;
  }
  return true;
}

/** Moves what hangs on an owner's former keys, and destroys those that nothing hangs on. */
async function retireKeys(options: DiskKeysOptions, owner: string, report: KeyReport): Promise<void> {
  const { blobs, ring } = options;
  const versions = await ring.versions(owner);
  const [newest] = versions.slice(-1);
  if (newest === undefined) {
    return;
  }
  const formerOnes = versions.slice(0, -1);
  const graceMs = options.graceMs ?? 2 * keyFreshMs;
  const ageMs = options.clock.now().getTime() - newest.createdAtMs;
  if (owner !== instanceOwner && ageMs > Math.max(graceMs, unusedMs) && (await isUnused(options, owner))) {
    if (await ring.files.removeOwner(owner, () => isUnused(options, owner))) {
      report.destroyedKeys += versions.length;
    }
    return;
  }
  if (formerOnes.length === 0) {
    return;
  }
  const isSettled = ageMs >= graceMs;
  const moved =
    owner === instanceOwner
      ? (await moveObjects(options, join(blobs, 'journal'), 'journal/')) + (await moveUploads(options, ...formerOnes))
      : await moveObjects(options, join(blobs, keys.workspacePrefix(owner)), keys.workspacePrefix(owner));
  report.rewrappedObjects += moved;
  if (!isSettled || moved > 0) {
    report.waitingKeys += formerOnes.length;
    return;
  }
  for (const former of formerOnes) {
    await ring.files.remove(owner, former.id.toString('hex'));
    report.destroyedKeys += 1;
  }
}

/** Puts all objects below a directory under their owners' newest keys. Answers how many were not. */
async function moveObjects(options: DiskKeysOptions, directory: string, prefix: string): Promise<number> {
  let moved = 0;
  let batch: string[] = [];
  for await (const { key } of walkObjects(directory, prefix)) {
    batch.push(key);
    if (batch.length === headersAtOnce) {
      moved += await moveBatch(options, batch);
      batch = [];
    }
  }
  return moved + (await moveBatch(options, batch));
}

async function moveBatch(options: DiskKeysOptions, batch: readonly string[]): Promise<number> {
  const notes: HeaderNote[] = [];
  for (const key of batch) {
    const file = await openInPlace(join(options.blobs, key));
    try {
      const wrapping = await options.ring.forWriting(ownerOf(key));
      const header = file === null ? null : await reseal(file, key, options.ring, wrapping);
      if (header !== null) {
        notes.push({ key, header });
      }
    } catch (error) {
      // A damaged object keeps nobody: its key cannot be moved and it cannot be read.
      if (!(error instanceof StorageError) || (error.code !== 'corrupt' && error.code !== 'wrong_key')) {
        throw error;
      }
    } finally {
      await file?.close();
    }
  }
  if (notes.length === 0) {
    return 0;
  }
  const forget = await noteHeaders(options.notes, options.newPath, notes);
  await Promise.all(notes.map((note) => writeOver(options, note)));
  await forget();
  return notes.length;
}

/** Writes a header over the one in the file, when that is still of the object it was made from. */
async function writeOver({ blobs, ring }: DiskKeysOptions, note: HeaderNote): Promise<void> {
  const file = await openInPlace(join(blobs, note.key));
  if (file === null) {
    return;
  }
  try {
    // The object may have been replaced since: its header is made anew from what is there.
    const header = await reseal(file, note.key, ring, await ring.forWriting(ownerOf(note.key)));
    if (header !== null) {
      await writeFully(file, [header], 0);
      await file.datasync();
    }
  } finally {
    await file.close();
  }
}

/** Puts the descriptions of open uploads that hang on one of `formerOnes` under the instance's newest key. */
async function moveUploads({ ring, uploads }: DiskKeysOptions, ...formerOnes: Pick<OwnerKey, 'id'>[]): Promise<number> {
  let moved = 0;
  for (const uploadId of await readdir(uploads)) {
    const file = await openInPlace(headerPath(join(uploads, uploadId)));
    if (file === null) {
      continue;
    }
    try {
      const header = await readFully(file, headerBytes, 0);
      if (formerOnes.some(({ id }) => wrappingIdIn(header).equals(id))) {
        const subject = `upload:${uploadId}` as const;
        const content = await openHeader(ring, instanceOwner, subject, header, uploadFactsSchema);
        await writeFully(file, [sealHeader(await ring.forWriting(instanceOwner), subject, content)], 0);
        await file.datasync();
        moved += 1;
      }
    } finally {
      await file.close();
    }
  }
  return moved;
}
