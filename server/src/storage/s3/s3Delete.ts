import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StorageError } from '../storageError.ts';
import type { S3Client } from './s3Client.ts';
import { refined } from './s3Failure.ts';
import type { S3Listing } from './s3Listing.ts';
import { escapeXml, readXml } from './s3Xml.ts';

/** Most names one call may remove. */
const batchSize = 1000;

const resultSchema = z.object({
  Error: z.array(z.object({ Key: z.string().default(''), Code: z.string(), Message: z.string().default('') })).default([]),
});

interface Doomed {
  name: string;
  versionId?: string | undefined;
}

/** Removes names of a bucket without versions: one call for each 1,000. */
export async function deleteNames(client: S3Client, names: readonly string[]): Promise<void> {
  for (let start = 0; start < names.length; start += batchSize) {
    await deleteBatch(
      client,
      names.slice(start, start + batchSize).map((name) => ({ name })),
    );
  }
}

/**
 * Removes every version and marker of names. `groupOf` tells what to list: names of one group are found by one listing. What appears while
 * this runs is removed too, because the listing is repeated until it is empty.
 */
export async function deleteAllVersions(
  client: S3Client,
  listing: S3Listing,
  names: readonly string[],
  groupOf: (name: string) => string,
): Promise<void> {
  const groups = new Map<string, Set<string>>();
  for (const name of names) {
    const group = groupOf(name);
    groups.set(group, (groups.get(group) ?? new Set()).add(name));
  }
  let batch: Doomed[] = [];
  for (const [group, wanted] of groups) {
    const [only] = wanted.size === 1 ? wanted : [];
    for await (const version of listing.versions(only ?? group)) {
      if (!wanted.has(version.key)) {
        continue;
      }
      batch.push({ name: version.key, versionId: version.versionId });
      if (batch.length === batchSize) {
        await deleteBatch(client, batch);
        batch = [];
      }
    }
  }
  if (batch.length > 0) {
    await deleteBatch(client, batch);
  }
}

/** One call. Throws unavailable when the server kept something. */
async function deleteBatch(client: S3Client, doomed: readonly Doomed[]): Promise<void> {
  const objects = doomed.map(
    ({ name, versionId }) =>
      `<Object><Key>${escapeXml(name)}</Key>${versionId === undefined ? '' : `<VersionId>${escapeXml(versionId)}</VersionId>`}</Object>`,
  );
  const body = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects.join('')}</Delete>`,
  );
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64'), 'content-type': 'application/xml' };
  const { text } = await refined(() => client.sendForText({ method: 'POST', query: { delete: '' }, headers, body }));
  const kept = readXml(text, 'DeleteResult', resultSchema).Error.filter(({ Code }) => Code !== 'NoSuchKey' && Code !== 'NoSuchVersion');
  const [first] = kept;
  if (first !== undefined) {
    throw new StorageError('unavailable', `The storage did not remove ${kept.length} of ${doomed.length} objects (${first.Code}).`);
  }
}
