/**
 * Stands around the way out. Keeps: T1, T2. Which parties are off, not announced for long enough yet or refused by a workspace is read every two seconds; calls are written down
 * from a queue, never inside of the transaction that made them: a line is lost only when a process is killed within that time.
 */
import { addSeconds } from '../../core/clock.ts';
import type { Deps } from '../../deps.ts';
import type { EgressCall, EgressWatch } from '../../egress/egress.ts';
import { entryOf } from '../../egress/register.ts';

const everyMs = 2000;
/** Lines are kept for this long. */
const keepDays = 35;

interface Line extends EgressCall {
  minute: string;
  calls: number;
}
interface PartyRow {
  party: string;
  is_off: boolean;
  effective_at: Date;
}

/** What a running process holds of it. */
export interface EgressKeeper extends EgressWatch {
  /** Reads the switches anew and writes down what waits. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Begins to watch the way out. */
export async function watchEgress(deps: Deps): Promise<EgressKeeper> {
  const { db, clock, log } = deps;
  const waiting = new Map<string, Line>();
  let rows = new Map<string, PartyRow>();
  let refused = new Set<string>();
  const refusedBy = (workspaceId: string | null, party: string) => workspaceId !== null && refused.has(`${workspaceId} ${party}`);

  const read = async () => {
    rows = new Map((await db.systemRows<PartyRow>('SELECT party, is_off, effective_at FROM third_parties')).map((row) => [row.party, row]));
  };
  const readRefusals = async () => {
    const found = await db.systemRows<{ party: string; workspace_id: string }>('SELECT workspace_id, party FROM third_party_refusals');
    refused = new Set(found.map((row) => `${row.workspace_id} ${row.party}`));
  };
  const write = async () => {
    const lines = [...waiting.values()];
    waiting.clear();
    if (lines.length === 0) {
      return;
    }
    try {
      await db.asSystem((tx) =>
        db.change(
          tx,
          `INSERT INTO egress_ledger (minute, party, host, workspace_id, video_id, outcome, opt_out, calls, sent_bytes)
           SELECT CAST(minute AS timestamptz), party, host, CAST("workspaceId" AS uuid), CAST("videoId" AS uuid), outcome, "optOut", calls, "sentBytes"
           FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l(minute text, party text, host text, "workspaceId" text, "videoId" text, outcome text,
             "optOut" text, calls integer, "sentBytes" bigint)
           ON CONFLICT (minute, party, host, workspace_id, video_id, outcome, opt_out)
           DO UPDATE SET calls = egress_ledger.calls + excluded.calls, sent_bytes = egress_ledger.sent_bytes + excluded.sent_bytes`,
          { lines: JSON.stringify(lines) },
        ),
      );
    } catch (error) {
      // The database is away: what was not written down waits for the next time.
      for (const line of lines) {
        add(line);
      }
      throw error;
    }
  };
  const add = (line: Line) => {
    const key = JSON.stringify([line.minute, line.party, line.host, line.workspaceId, line.videoId, line.outcome, line.optOut]);
    const before = waiting.get(key);
    waiting.set(key, {
      ...line,
      calls: line.calls + (before?.calls ?? 0),
      sentBytes: line.sentBytes + (before?.sentBytes ?? 0),
    });
  };
  let settling: Promise<void> = Promise.resolve();
  const settle = () => {
    settling = settling
      .catch(() => undefined)
      .then(async () => {
        await read();
        await readRefusals();
        await write();
      });
    return settling;
  };
  await read();
  await readRefusals();
  // Begun outside of any transaction, so that nothing of this runs inside of one.
  const timer = setInterval(
    () => void settle().catch((error: unknown) => log.warn({ err: error }, 'the ledger of outgoing calls waits')),
    everyMs,
  );
  timer.unref();
  const keeper: EgressKeeper = {
    refusalOf(party, workspaceId) {
      const row = rows.get(party);
      const name = entryOf(party)?.name ?? party;
      if (row?.is_off === true) {
        return `${name} was switched off by an administrator of this installation.`;
      }
      if (refusedBy(workspaceId, party)) {
        return `${name} is not allowed for this workspace: its owners refused it.`;
      }
      return row !== undefined && row.effective_at > clock.now()
        ? `${name} was announced to customers and may be called from ${row.effective_at.toISOString().slice(0, 10)} on.`
        : null;
    },
    record(call) {
      const minute = new Date(clock.now());
      minute.setUTCSeconds(0, 0);
      add({ ...call, minute: minute.toISOString(), calls: 1 });
    },
    settle,
    async close() {
      clearInterval(timer);
      await settle().catch((error: unknown) => log.warn({ err: error }, 'the ledger of outgoing calls waits'));
    },
  };
  deps.egress.watch(keeper);
  return keeper;
}

/** Removes old lines. */
export async function sweepLedger(deps: Deps): Promise<void> {
  const before = addSeconds(deps.clock.now(), -keepDays * 24 * 3600);
  await deps.db.asSystem((tx) => deps.db.change(tx, 'DELETE FROM egress_ledger WHERE minute < :before', { before }));
}
