/** Computes the SHA-256 of bytes as 64 lower-case hexadecimal digits. */
export type Sha256 = (data: ArrayBuffer) => Promise<string>;

/** Writes bytes as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Makes the hash function for this page: the browser's own where it is offered, which is in secure contexts only, and else (plain
 * http on a company's network) a worker of ours that computes it without holding up the page.
 */
export function buildSha256(): Sha256 {
  // The DOM's types say that `subtle` is always there; outside secure contexts it is not.
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (subtle) {
    return async (data) => toHex(new Uint8Array(await subtle.digest('SHA-256', data)));
  }
  let worker: Worker | undefined;
  let next = 0;
  const waiting = new Map<number, { resolve: (hex: string) => void; reject: (error: Error) => void }>();
  const start = () => {
    const created = new Worker(new URL('./sha256.worker.ts', import.meta.url), { type: 'module' });
    created.addEventListener('message', (message: MessageEvent<{ id: number; hex: string }>) => {
      waiting.get(message.data.id)?.resolve(message.data.hex);
      waiting.delete(message.data.id);
    });
    created.addEventListener('error', (event) => {
      for (const { reject } of waiting.values()) {
        reject(new Error(event.message));
      }
      waiting.clear();
      worker = undefined;
    });
    return created;
  };
  return (data) =>
    new Promise((resolve, reject) => {
      worker ??= start();
      const id = next;
      next += 1;
      waiting.set(id, { resolve, reject });
      // Copied, not transferred: the bytes are sent to the server afterwards.
      worker.postMessage({ id, data });
    });
}
