import { describeObjectStore } from '../../../../test/storage/objectStoreSuite.ts';
import { startDiskHarness } from '../../../../test/storage/storeHarness.ts';

describeObjectStore('disk', () => startDiskHarness());
