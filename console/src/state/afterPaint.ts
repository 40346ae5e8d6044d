/** A page that nobody sees is not drawn. */
const longestMs = 200;

/** Resolves when the next picture has been drawn: what takes long then does not keep a press of a key waiting for its answer. */
export function afterPaint(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, longestMs);
    requestAnimationFrame(() => {
      // A message of the frame comes behind its picture.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        clearTimeout(timer);
        resolve();
      };
      port2.postMessage(null);
    });
  });
}
