import type { EventType } from '@carmic/contract';
import type { Log } from '../core/log.ts';
import type { Signal } from '../core/signal.ts';
import type { Database } from '../db/database.ts';
import { isDatabaseAway } from '../db/databaseAway.ts';
import { currentCursor, parseCursor, readEvents, type StoredEvent } from './read.ts';

const batchSize = 200;
const idleMs = 1000;
/** Without events the cursor still moves after this many transactions, so that the next read stays short. */
const idleAdvance = 1000n;
/** A reader that died lets another one go on after this. */
const claimSeconds = 5;

/** A reader of all events that remembers how far it got, in the database. */
export interface Relay {
  start(): void;
  stop(): Promise<void>;
}

/**
 * Hands each event of `types` to `deliver`, in order and at least once; a crash delivers the last batch again. Several processes may
 * run the same reader: one at a time claims its place.
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

  const turn = async () => {
    const { cursor, end, events } = await db.asSystem(async (tx) => {
      const [row] = await db.rows<{ txid: string; id: string }>(tx, 'SELECT txid::text, id FROM event_cursors WHERE reader = :reader', {
        reader,
      });
      if (row === undefined) {
        throw new Error(`The reader ${reader} has no place in the events.`);
      }
      const until = await currentCursor(db, tx);
      const found = await readEvents(db, tx, { workspaceId: null, after: `${row.txid}-${row.id}`, limit: batchSize, types });
      return { cursor: row, end: until, events: found };
    });
    const { txid, id } = parseCursor(events.length === batchSize ? (events.at(-1)?.id ?? end) : end);
    if (events.length === 0 && BigInt(txid) - BigInt(cursor.txid) <= idleAdvance) {
      return 0;
    }
    if (!(await claim(cursor))) {
      return 0;
    }
    // Outside of any transaction: what is delivered needs connections of its own.
    try {
      for (const event of events) {
        await deliver(event);
      }
    } catch (error) {
      await move(cursor);
      throw error;
    }
    await move({ txid, id });
    return events.length;
  };

  const claim = async (cursor: { txid: string; id: string }): Promise<boolean> => {
    const count = await db.asSystem((tx) =>
      db.change(
        tx,
        `UPDATE event_cursors SET claimed_until = now() + interval '${claimSeconds} seconds'
         WHERE reader = :reader AND txid = CAST(:txid AS xid8) AND id = CAST(:id AS bigint) AND (claimed_until IS NULL OR claimed_until < now())`,
        { reader, ...cursor },
      ),
    );
    return count === 1;
  };
  const move = (to: { txid: string; id: string }) =>
    db.asSystem((tx) =>
      db.change(
        tx,
        'UPDATE event_cursors SET txid = CAST(:txid AS xid8), id = CAST(:id AS bigint), claimed_until = NULL WHERE reader = :reader',
        { reader, ...to },
      ),
    );

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
