import { z } from 'zod';
import type { ListedObject, ListedVersion, OpenMultipart } from '../objectStore.ts';
import type { S3Client } from './s3Client.ts';
import { refined } from './s3Failure.ts';
import { readXml } from './s3Xml.ts';

const flag = z.string().transform((text) => text === 'true');
const size = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const time = z.string().transform((text) => new Date(text));

const objectsSchema = z.object({
  IsTruncated: flag.default(false),
  NextContinuationToken: z.string().optional(),
  Contents: z.array(z.object({ Key: z.string(), Size: size, LastModified: time })).default([]),
});

const versionSchema = z.object({ Key: z.string(), VersionId: z.string(), IsLatest: flag, LastModified: time });
const versionsSchema = z.object({
  IsTruncated: flag.default(false),
  NextKeyMarker: z.string().optional(),
  NextVersionIdMarker: z.string().optional(),
  Version: z.array(versionSchema.extend({ Size: size })).default([]),
  DeleteMarker: z.array(versionSchema).default([]),
});

const uploadsSchema = z.object({
  IsTruncated: flag.default(false),
  NextKeyMarker: z.string().optional(),
  NextUploadIdMarker: z.string().optional(),
  Upload: z.array(z.object({ Key: z.string(), UploadId: z.string(), Initiated: time })).default([]),
});

/** Everything below a prefix, page by page; names are those of the bucket. */
export interface S3Listing {
  objects(prefix: string): AsyncGenerator<ListedObject>;
  versions(prefix: string): AsyncGenerator<ListedVersion>;
  uploads(prefix: string): AsyncGenerator<OpenMultipart>;
}

async function page<T>(client: S3Client, query: Record<string, string>, root: string, schema: z.ZodType<T>): Promise<T> {
  return refined(async () => readXml((await client.sendForText({ method: 'GET', query })).text, root, schema));
}

/** Lists through an S3 client. */
export function createS3Listing(client: S3Client): S3Listing {
  return {
    async *objects(prefix) {
      for (let token: string | undefined, isMore = true; isMore;) {
        const query = { 'list-type': '2', prefix, ...(token === undefined ? {} : { 'continuation-token': token }) };
        const found = await page(client, query, 'ListBucketResult', objectsSchema);
        for (const { Key, Size, LastModified } of found.Contents) {
          yield { key: Key, sizeBytes: Size, createdAt: LastModified };
        }
        token = found.NextContinuationToken;
        isMore = found.IsTruncated && token !== undefined;
      }
    },
    async *versions(prefix) {
      for (let markers: Record<string, string> | null = {}; markers !== null;) {
        const found: z.infer<typeof versionsSchema> = await page(
          client,
          { versions: '', prefix, ...markers },
          'ListVersionsResult',
          versionsSchema,
        );
        for (const version of found.Version) {
          yield presentVersion(version, version.Size, false);
        }
        for (const marker of found.DeleteMarker) {
          yield presentVersion(marker, 0, true);
        }
        markers = found.IsTruncated ? nextMarkers('version-id-marker', found.NextKeyMarker, found.NextVersionIdMarker) : null;
      }
    },
    async *uploads(prefix) {
      for (let markers: Record<string, string> | null = {}; markers !== null;) {
        const found: z.infer<typeof uploadsSchema> = await page(
          client,
          { uploads: '', prefix, ...markers },
          'ListMultipartUploadsResult',
          uploadsSchema,
        );
        for (const { Key, UploadId, Initiated } of found.Upload) {
          yield { key: Key, uploadId: UploadId, createdAt: Initiated };
        }
        markers = found.IsTruncated ? nextMarkers('upload-id-marker', found.NextKeyMarker, found.NextUploadIdMarker) : null;
      }
    },
  };
}

function presentVersion(version: z.infer<typeof versionSchema>, sizeBytes: number, isMarker: boolean): ListedVersion {
  const { IsLatest, Key, LastModified, VersionId } = version;
  return { key: Key, versionId: VersionId, sizeBytes, createdAt: LastModified, isLatest: IsLatest, isMarker };
}

function nextMarkers(idName: string, key: string | undefined, id: string | undefined): Record<string, string> | null {
  return key === undefined || key === '' ? null : { 'key-marker': key, ...(id === undefined || id === '' ? {} : { [idName]: id }) };
}
