import type { Deps } from '../../../server/src/deps.ts';
import { openS3Store } from '../../../server/src/storage/s3/s3Store.ts';

/** The same installation with its objects in the stand-in of an S3 server. */
export function onStandIn(deps: Deps, endpoint: string): Deps {
  const store = openS3Store({
    endpoint,
    region: 'us-east-1',
    bucket: 'bench',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    isPathStyle: true,
    prefix: '',
    encryption: { kind: 'bucket' },
    secret: new Uint8Array(32),
    baseUrl: () => 'http://localhost',
    clock: deps.clock,
    origins: () => [],
  });
  return { ...deps, store };
}
