import { z } from 'zod';
import type { S3Client } from './s3Client.ts';
import { refineS3Error, S3Failure } from './s3Failure.ts';
import { readXml } from './s3Xml.ts';

const askAgainMs = 5 * 60_000;
const schema = z.object({ Status: z.string().optional() });

/** Whether the bucket keeps versions. */
export type VersioningStatus = 'Enabled' | 'Suspended' | 'Off';

/** What the bucket says of versions, asked again every five minutes: somebody may switch them on while we run. */
export interface Versioning {
  status(): Promise<VersioningStatus>;
  /** Whether there may be versions below what can be seen. */
  isOn(): Promise<boolean>;
}

export function createVersioning(client: S3Client): Versioning {
  let known: { status: VersioningStatus; askedAtMs: number } | null = null;
  const versioning: Versioning = {
    async status() {
      if (known === null || performance.now() - known.askedAtMs > askAgainMs) {
        known = { status: await askStatus(client), askedAtMs: performance.now() };
      }
      return known.status;
    },
    isOn: async () => (await versioning.status()) !== 'Off',
  };
  return versioning;
}

async function askStatus(client: S3Client): Promise<VersioningStatus> {
  try {
    const { text } = await client.sendForText({ method: 'GET', query: { versioning: '' } });
    const { Status } = readXml(text, 'VersioningConfiguration', schema);
    return Status === 'Enabled' || Status === 'Suspended' ? Status : 'Off';
  } catch (error) {
    // R2 knows no versions and says so.
    if (error instanceof S3Failure && (error.code === 'NotImplemented' || error.status === 501)) {
      return 'Off';
    }
    throw refineS3Error(error);
  }
}
