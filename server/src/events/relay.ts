import type { EventType } from '@carmic/contract';
import type { Log } from '../core/log.ts';
import type { Signal } from '../core/signal.ts';
import { type Database, isDatabaseAway } from '../db/database.ts';
import { currentCursor, parseCursor, readEvents, type StoredEvent } from './read.ts';

const batchSize = 200;
const idleMs = 1000;
/** Without events the cursor still moves after this many transactions, so that the next read stays short. */
const idleAdvance = 1000n;

/** A reader of all events that remembers how far it got, in the database. */
export interface Relay {
  start(): void;
  stop(): Promise<void>;
}

/**
 * Hands each event of `types` to `deliver`, in order and at least once; a crash delivers the last batch again. Several processes may
 * run the same reader: one at a time holds its row.
 */
export function createRelay(options: {
  db: Database;
  log: Log;
  committed: Signal;
  reader: string;
  types: readonly EventType[];
  deliver: (event: StoredEvent) => Promise<void>;
}): Relay {
  const { db, log, committed, reader, types, deliver } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  const prepare = () =>
    db.asSystem((tx) =>
      db.change(tx, "INSERT INTO event_cursors (reader, txid, id) VALUES (:reader, CAST('0' AS xid8), 0) ON CONFLICT DO NOTHING", {
        reader,
      }),
    );

  const turn = (): Promise<number> =>
    db.asSystem(async (tx) => {
      const [cursor] = await db.rows<{ txid: string; id: string }>(
        tx,
        'SELECT txid::text, id FROM event_cursors WHERE reader = :reader FOR UPDATE SKIP LOCKED',
        { reader },
      );
      if (cursor === undefined) {
        return 0;
      }
      const end = await currentCursor(db, tx);
      const events = await readEvents(db, tx, { workspaceId: null, after: `${cursor.txid}-${cursor.id}`, limit: batchSize, types });
      for (const event of events) {
        await deliver(event);
      }
      const { txid, id } = parseCursor(events.length === batchSize ? (events.at(-1)?.id ?? end) : end);
      if (events.length > 0 || BigInt(txid) - BigInt(cursor.txid) > idleAdvance) {
        await db.change(tx, 'UPDATE event_cursors SET txid = CAST(:txid AS xid8), id = CAST(:id AS bigint) WHERE reader = :reader', {
          reader,
          txid,
          id,
        });
      }
      return events.length;
    });

  const loop = async () => {
    let isPrepared = false;
    while (!stopping.signal.aborted) {
      try {
        // Waiting begins before the read, so that a commit during the read is not slept through.
        const news = committed.wait(idleMs, stopping.signal);
        if (!isPrepared) {
          await prepare();
          isPrepared = true;
        }
        if ((await turn()) < batchSize) {
          await news;
        }
      } catch (error) {
        log[isDatabaseAway(error) ? 'warn' : 'error']({ err: error, reader }, 'the event reader failed and tries again');
        await committed.wait(idleMs, stopping.signal);
      }
    }
  };

  return {
    start() {
      running = loop();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
