/** A part that the store did not take. `status` 0: no answer. */
export class PartError extends Error {
  override readonly name = 'PartError';
  readonly status: number;

  constructor(status: number, options?: ErrorOptions) {
    super(`The part was answered with ${status}.`, options);
    this.status = status;
  }
}

/** Sends one part, telling how many of its bytes are out. Throws PartError, or the signal's reason. */
export type PutPart = (
  target: { url: string; headers: Record<string, string> },
  body: ArrayBuffer,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
) => Promise<void>;

const stallMs = 60_000;

/** Sends by XMLHttpRequest, the only way a browser tells how far an upload is. Gives up when nothing moves for a minute. */
export const putPartByXhr: PutPart = (target, body, onProgress, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = () => {
      request.abort();
      settle(() => reject(signal.reason));
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        request.abort();
        settle(() => reject(new PartError(0)));
      }, stallMs);
    };
    request.open('PUT', target.url);
    for (const [name, value] of Object.entries(target.headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener('progress', (event) => {
      onProgress(event.loaded);
      watch();
    });
    request.addEventListener('load', () =>
      settle(() => (request.status >= 200 && request.status < 300 ? resolve() : reject(new PartError(request.status)))),
    );
    request.addEventListener('error', () => settle(() => reject(new PartError(0))));
    signal.addEventListener('abort', onAbort, { once: true });
    watch();
    request.send(body);
  });
