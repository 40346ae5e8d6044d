/**
 * The S3 driver on Ceph's gateway, where Debian's packages are. Ceph before version 20 does not keep the SHA-256 of what it takes: a start on it is
 * refused with that sentence. From 20 on the whole suite runs on it.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { keys } from '../../../server/src/storage/keys.ts';
import { type RadosGateway, startRadosgw } from '../../support/radosgw.ts';
import { findRequirement, requireOrSkip } from '../../support/requirements.ts';
import { describeObjectLifecycle } from '../lifecycleSuite.ts';
import { describeObjectStore } from '../objectStoreSuite.ts';
import { startS3Harness } from '../s3/s3Harness.ts';

const firstWithSha256 = 20;
const { path } = findRequirement('radosgw');
let starting: Promise<RadosGateway> | undefined;
afterAll(async () => (await starting)?.stop());

if (path === null) {
  it('needs Ceph’s gateway', (context) => void requireOrSkip({ skip: (note) => context.skip(note) }, 'radosgw'));
} else {
  const start = async (isVersioned: boolean) => {
    const gateway = await (starting ??= startRadosgw(path));
    return startS3Harness(gateway, { bucket: await gateway.createBucket({ isVersioned }) });
  };
  const version = Number(/ceph version (\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]);
  if (version >= firstWithSha256) {
    describeObjectStore('radosgw', () => start(false), { toleratedChecks: ['encryption_at_rest', 'cors', 'no_replacement'] });
    describeObjectLifecycle('radosgw', () => start(false));
    describeObjectLifecycle('a radosgw bucket with versions', () => start(true));
  } else {
    describe(`radosgw ${version}`, () => {
      it('is refused at the start with the reason, and leaves nothing behind', { timeout: 120_000 }, async () => {
        const harness = await start(true);
        try {
          const refused = (await harness.store.check()).filter((check) => !check.passed && check.isFatal);
          expect(refused).toContainEqual(
            expect.objectContaining({
              name: 'checksums',
              message: expect.stringMatching(
                /^The storage does not (keep|check) the SHA-256 of parts, so that uploads could not be verified\.$/,
              ) as unknown,
              remedy: expect.stringContaining('Ceph 20') as unknown,
            }),
          );
          for await (const { key } of harness.store.listVersions('')) {
            expect.unreachable(`${key} was left behind`);
          }
        } finally {
          await harness.close();
        }
      });

      it('still writes, reads ranges of and deletes every version of an object', { timeout: 120_000 }, async () => {
        const harness = await start(true);
        const key = keys.source(randomUUID(), randomUUID());
        const bytes = randomBytes(100_000);
        try {
          await harness.store.put(key, bytes, { contentType: 'video/mp4', maxBytes: bytes.length });
          const { stream } = await harness.store.get(key, { start: 10, end: 20 });
          expect(Buffer.concat(await stream.toArray())).toEqual(bytes.subarray(10, 20));
          await harness.store.delete([key]);
          for await (const version of harness.store.listVersions('')) {
            expect.unreachable(`${version.key} was left behind`);
          }
        } finally {
          await harness.close();
        }
      });
    });
  }
}
