import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from './sha256.ts';

interface WorkerScope {
  addEventListener(type: 'message', listener: (message: MessageEvent<{ id: number; data: ArrayBuffer }>) => void): void;
  postMessage(message: { id: number; hex: string }): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.addEventListener('message', ({ data: { id, data } }) => {
  scope.postMessage({ id, hex: toHex(sha256(new Uint8Array(data))) });
});
