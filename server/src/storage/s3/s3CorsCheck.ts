import type { StorageCheck } from '../objectStore.ts';
import { keys } from '../keys.ts';
import { randomUUID } from 'node:crypto';
import { awsCommand, failing, passing, type S3CheckContext } from './s3CheckContext.ts';

const sentHeaders = 'content-type,x-amz-checksum-sha256';

/** Asks the storage, as a browser does before it sends a part, whether pages of the console may write and read there. */
export async function checkCors({ client, nameOf, origins, publicClient }: S3CheckContext): Promise<StorageCheck> {
  if (origins.length === 0) {
    return passing(
      'cors',
      'cors_unknown',
      'Not looked at yet: it is not known under which address the console is opened (CARMIC_BASE_URL).',
    );
  }
  for (const origin of origins) {
    let refusal: string | null;
    try {
      refusal = await findRefusal(publicClient, nameOf(keys.probe(randomUUID())), origin);
    } catch (error) {
      // The front that leads there may start later, or be reachable for browsers only: no reason not to start.
      const reason = error instanceof Error ? error.message : String(error);
      return failing(
        'cors',
        false,
        ['cors_silent', { reason }],
        `The address of the storage for browsers does not answer from here (${reason}): whether uploads from the console work is not known.`,
        'Look again when everything is up; the address is CARMIC_S3_PUBLIC_ENDPOINT.',
        null,
      );
    }
    if (refusal !== null) {
      const rule = {
        CORSRules: [
          {
            AllowedOrigins: origins,
            AllowedMethods: ['GET', 'HEAD', 'PUT'],
            AllowedHeaders: ['*'],
            ExposeHeaders: ['ETag'],
            MaxAgeSeconds: 3600,
          },
        ],
      };
      return failing(
        'cors',
        false,
        ['cors_refused', { origin, reason: refusal }],
        `Browsers that have the console open at ${origin} may not write to the storage (${refusal}): uploads from the console fail.`,
        'Let the console’s address in. MinIO lets every address in unless MINIO_API_CORS_ALLOW_ORIGIN says otherwise.',
        awsCommand(client, `put-bucket-cors --cors-configuration '${JSON.stringify(rule)}'`),
      );
    }
  }
  return passing(
    'cors',
    'cors_allowed',
    `Browsers that have the console open at ${origins.join(', ')} may write to and read from the storage.`,
    {
      origins: origins.join(', '),
    },
  );
}

async function findRefusal(client: S3CheckContext['client'], object: string, origin: string): Promise<string | null> {
  for (const method of ['PUT', 'GET']) {
    const { headers, status } = await client.sendUnsigned('OPTIONS', object, {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': sentHeaders,
    });
    const allowed = headers['access-control-allow-origin'];
    if (status >= 300 || (allowed !== '*' && allowed !== origin)) {
      return `${method} was answered with ${status}`;
    }
    const names = String(headers['access-control-allow-headers'] ?? '').toLowerCase();
    if (names !== '*' && !sentHeaders.split(',').every((name) => names.includes(name))) {
      return 'it may not send x-amz-checksum-sha256';
    }
  }
  return null;
}
