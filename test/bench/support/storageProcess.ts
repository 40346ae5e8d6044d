/** Serves files in a process of its own, whose time is nobody's but its own (see `storageApart.ts`). */
import { startStorage } from '../../../gpu-agent/test/support/storage.ts';

const storage = await startStorage();
process.send?.(storage.urlOf(''));
process.once('disconnect', () => void storage.close());
