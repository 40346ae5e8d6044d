import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestStorage } from '../../../gpu-agent/test/support/storage.ts';

/** Storage in a process of its own: where it is, it is another machine, and its work is not the agent's. */
export async function startStorageApart(): Promise<TestStorage> {
  const child = fork(fileURLToPath(new URL('./storageProcess.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const [url] = (await once(child, 'message')) as [string];
  return {
    urlOf: (path) => url + encodeURIComponent(path),
    bytesReadOf: () => {
      throw new Error('Storage in a process of its own does not tell what was read.');
    },
    async close() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
