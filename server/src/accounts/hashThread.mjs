// @ts-check
/** A thread that hashes passwords, one after the other. Plain JavaScript, so that it starts the same way under every loader. */
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';

// Linux keeps a priority for each thread, and 0 is the calling one; elsewhere it would be the whole server's.
if (process.platform === 'linux') {
  setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
}

parentPort?.on('message', (/** @type {import('./hashing.ts').Question} */ question) => {
  try {
    const answer = question.kind === 'hash' ? hashSync(question.password, question.cost) : verifySync(question.stored, question.password);
    parentPort?.postMessage({ answer });
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
