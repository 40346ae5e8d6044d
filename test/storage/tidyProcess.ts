/** A process that moves objects to their workspaces' newest keys, again and again, until it is killed. */
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { openDiskStore } from '../../server/src/storage/disk/diskStore.ts';

const [, , dataDir = '', rootKeyText = '', ...workspaceIds] = process.argv;
const rootKey = Buffer.from(rootKeyText, 'hex');
const store = await openDiskStore({
  dataDir,
  secret: rootKey,
  rootKeys: createFixedKeys(() => [rootKey]),
  baseUrl: () => 'http://localhost',
  clock: { now: () => new Date() },
  minimumFreeBytes: 0,
  keyGraceMs: 0,
});
process.stdout.write('ready\n');
for (;;) {
  for (const workspaceId of workspaceIds) {
    await store.keys.renew(workspaceId);
  }
  await store.keys.tidy();
}
