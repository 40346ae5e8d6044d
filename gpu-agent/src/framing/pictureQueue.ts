/** Pictures on their way from a decoder to who watches them. */
export interface PictureQueue {
  /** Takes raw pictures in pieces of any size. Answers a promise where the decoder has to wait: when `ahead` pictures are in line. */
  take(chunk: Buffer): Promise<void> | void;
  /** Resolves with the number of pictures once all were watched; rejects with what a watcher rejected with. */
  end(): Promise<number>;
}

/**
 * Cuts a stream of bytes into pictures and shows them in order, one at a time. Where `watch` answers a promise the pictures after it wait in line,
 * at most `ahead` of them. Its buffers are used in turns, since one for each picture would cost more than what is done with most of them: the bytes of
 * a picture stay until the next but one is watched.
 */
export function createPictureQueue(
  bytesPerPicture: number,
  ahead: number,
  watch: (bytes: Buffer, index: number) => Promise<void> | void,
): PictureQueue {
  // The one that is watched, the one before it, and those in line.
  const buffers = new Array<Buffer | undefined>(ahead + 2);
  const bufferOf = (index: number): Buffer => (buffers[index % buffers.length] ??= Buffer.allocUnsafe(bytesPerPicture));
  let gathered = 0;
  let taken = 0;
  let watched = 0;
  let watching: Promise<void> | null = null;

  const watchLine = async (first: Promise<void>): Promise<void> => {
    await first;
    for (watched += 1; watched < taken; watched++) {
      await watch(bufferOf(watched), watched);
    }
    watching = null;
  };
  const show = (): void => {
    while (watching === null && watched < taken) {
      const answer = watch(bufferOf(watched), watched);
      if (answer) {
        watching = watchLine(answer);
        // Told by the next piece that has to wait, or at the end.
        watching.catch(() => undefined);
      } else {
        watched += 1;
      }
    }
  };
  const take = (chunk: Buffer, from = 0): Promise<void> | void => {
    for (let at = from; at < chunk.length;) {
      if (watching !== null && taken - watched > ahead) {
        const next = at;
        return watching.then(() => take(chunk, next));
      }
      const copied = chunk.copy(bufferOf(taken), gathered, at, at + bytesPerPicture - gathered);
      gathered += copied;
      at += copied;
      if (gathered === bytesPerPicture) {
        gathered = 0;
        taken += 1;
        show();
      }
    }
  };
  return {
    take: (chunk) => take(chunk),
    async end() {
      await watching;
      return watched;
    },
  };
}
