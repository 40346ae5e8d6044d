import { StorageError } from '../storageError.ts';

interface Writer {
  cancel: (reason: Error) => void;
  done: Promise<unknown>;
}

interface Session {
  writers: Map<number, Writer>;
  isClosing: boolean;
  closing: Promise<unknown>;
  users: number;
}

/**
 * Who writes which part of which upload in this process. One part has one writer, the newest: an older one, whose connection may be dead
 * without anybody knowing, is cancelled and waited for. Completing or aborting an upload cancels all its writers first, because a late
 * write would go into the finished object.
 */
export interface PartWriters {
  /** Runs `work` as the one writer of a part; `cancel` must make it end soon. Throws conflict while the upload is being closed. */
  write<T>(uploadId: string, partNumber: number, cancel: (reason: Error) => void, work: () => Promise<T>): Promise<T>;
  /** Runs `work` while nobody writes and nobody else closes. */
  close<T>(uploadId: string, work: () => Promise<T>): Promise<T>;
}

export function createPartWriters(): PartWriters {
  const sessions = new Map<string, Session>();

  async function inSession<T>(uploadId: string, work: (session: Session) => Promise<T>): Promise<T> {
    const session = sessions.get(uploadId) ?? { writers: new Map(), isClosing: false, closing: Promise.resolve(), users: 0 };
    sessions.set(uploadId, session);
    session.users += 1;
    try {
      return await work(session);
    } finally {
      session.users -= 1;
      if (session.users === 0) {
        sessions.delete(uploadId);
      }
    }
  }

  return {
    write: (uploadId, partNumber, cancel, work) =>
      inSession(uploadId, async (session) => {
        for (let older = session.writers.get(partNumber); older !== undefined; older = session.writers.get(partNumber)) {
          await stop(older);
        }
        if (session.isClosing) {
          throw new StorageError('conflict', 'This upload is being finished.');
        }
        const running = work();
        const writer = { cancel, done: running };
        session.writers.set(partNumber, writer);
        try {
          return await running;
        } finally {
          session.writers.delete(partNumber);
        }
      }),
    close: (uploadId, work) =>
      inSession(uploadId, async (session) => {
        const before = session.closing;
        const running = (async () => {
          await Promise.allSettled([before]);
          session.isClosing = true;
          try {
            await Promise.all([...session.writers.values()].map(stop));
            return await work();
          } finally {
            session.isClosing = false;
          }
        })();
        session.closing = running;
        return await running;
      }),
  };
}

async function stop(writer: Writer): Promise<void> {
  writer.cancel(new StorageError('conflict', 'Another request took the place of this one.'));
  await Promise.allSettled([writer.done]);
}
