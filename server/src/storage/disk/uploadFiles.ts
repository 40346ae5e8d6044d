/**
 * The files of one open upload, below `uploads/<id>/`:
 *
 *   upload       header: the object's wrapped key and the upload's facts
 *   data         the object's future file; parts are written to their final place in it
 *   parts/<n>    one sealed record per stored part
 *
 * A record is the only proof that a part is there: it is written after the part's bytes are durable, and removed, durably, before those
 * bytes are touched again. A process that dies in between leaves no record and so no wrong part.
 */
import { open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hasErrno, StorageError } from '../storageError.ts';
import type { StoredPart } from '../objectStore.ts';
import { readFully, syncDirectory, writeFileDurably } from './files.ts';
import { headerBytes } from './format.ts';
import { type HeaderContent, openHeader, type UploadFacts, uploadFactsSchema } from './header.ts';
import { openBytes, sealBytes } from '../../core/sealedBytes.ts';
import { instanceOwner, type KeyRing } from './keyRing.ts';

/** An open upload and where its files are. */
export interface Upload extends HeaderContent<UploadFacts> {
  directory: string;
}

const partSchema = z.object({
  partNumber: z.number().int().positive(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const dataPath = (directory: string) => join(directory, 'data');
export const headerPath = (directory: string) => join(directory, 'upload');
export const partsPath = (directory: string) => join(directory, 'parts');

/** Reads an upload's description; null when there is no such upload. */
export async function readUpload(directory: string, uploadId: string, ring: KeyRing): Promise<Upload | null> {
  try {
    const file = await open(headerPath(directory), 'r');
    try {
      const header = await readFully(file, headerBytes, 0);
      return { directory, ...(await openHeader(ring, instanceOwner, `upload:${uploadId}`, header, uploadFactsSchema)) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
}

/** Size that a part must have. Throws invalid_part for a number that the upload does not have. */
export function partSize(facts: UploadFacts, partNumber: number): number {
  const count = partCount(facts);
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > count) {
    throw new StorageError('invalid_part', `This upload has the parts 1 to ${count}.`);
  }
  return Math.min(facts.partSizeBytes, facts.sizeBytes - (partNumber - 1) * facts.partSizeBytes);
}

/** How many parts an upload has; an empty object has one empty part. */
export function partCount(facts: UploadFacts): number {
  return Math.max(1, Math.ceil(facts.sizeBytes / facts.partSizeBytes));
}

function partContext(upload: Upload, partNumber: number): Buffer {
  return Buffer.from(`part ${partNumber} of ${upload.facts.id}`);
}

/** Records a part whose bytes are durable. Throws not_found when the upload was given up meanwhile. */
export async function writePartRecord(upload: Upload, part: StoredPart, temporaryPath: string): Promise<void> {
  const sealed = sealBytes(upload.objectKey, partContext(upload, part.partNumber), Buffer.from(JSON.stringify(part)));
  await writeFileDurably(temporaryPath, join(partsPath(upload.directory), String(part.partNumber)), sealed);
}

/** Reads one part's record; null when the part is not stored. */
export async function readPartRecord(upload: Upload, partNumber: number): Promise<StoredPart | null> {
  let sealed: Buffer;
  try {
    sealed = await readFile(join(partsPath(upload.directory), String(partNumber)));
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) {
      return null;
    }
    throw error;
  }
  const text = openBytes(upload.objectKey, partContext(upload, partNumber), sealed);
  if (text === null) {
    throw new StorageError('corrupt', 'The record of a stored part was altered or damaged.');
  }
  return partSchema.parse(JSON.parse(text.toString('utf8')));
}

/** Forgets a part before its bytes are written again. */
export async function removePartRecord(upload: Upload, partNumber: number): Promise<void> {
  await unlink(join(partsPath(upload.directory), String(partNumber)));
  await syncDirectory(partsPath(upload.directory));
}

/** Reads the records of all stored parts, in order. */
export async function readPartRecords(upload: Upload): Promise<StoredPart[]> {
  const names = await readdir(partsPath(upload.directory));
  const numbers = names.filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number);
  const parts: StoredPart[] = [];
  for (const partNumber of numbers.sort((a, b) => a - b)) {
    const part = await readPartRecord(upload, partNumber);
    if (part !== null) {
      parts.push(part);
    }
  }
  return parts;
}
