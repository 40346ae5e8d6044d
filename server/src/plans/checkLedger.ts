import type { BillingDetailCode } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { storageDifferences } from './statement.ts';

/** One thing in the ledger that does not add up. */
export interface LedgerProblem {
  /** The workspace or the video it is about. */
  subject: string;
  code: Extract<BillingDetailCode, `ledger_${string}`>;
  text: string;
}

const maxProblems = 100;

/** Each check names what does not add up, by workspace or video. Sums are seconds. */
const checks: readonly (Pick<LedgerProblem, 'code' | 'text'> & { sql: string })[] = [
  {
    code: 'ledger_limit',
    text: 'the sums by which its limit is held are not those of its entries',
    sql: `SELECT workspace_id AS subject FROM (
        SELECT workspace_id, month, sum(CASE kind WHEN 'reserve' THEN seconds ELSE -seconds END) AS reserved,
          sum(CASE kind WHEN 'commit' THEN seconds ELSE 0 END) AS used FROM usage_entries GROUP BY workspace_id, month) e
      FULL JOIN usage_months m USING (workspace_id, month)
      WHERE COALESCE(e.reserved, 0) <> COALESCE(m.reserved_seconds, 0) OR COALESCE(e.used, 0) <> COALESCE(m.used_seconds, 0)`,
  },
  {
    code: 'ledger_reservation',
    text: 'a reservation that has ended was not used and released in full, or ended without being there',
    sql: `SELECT video_id AS subject FROM usage_entries GROUP BY video_id, sequence
      HAVING count(*) FILTER (WHERE kind = 'reserve') <> 1
        OR (count(*) > 1 AND sum(CASE kind WHEN 'reserve' THEN seconds ELSE -seconds END) <> 0)
        OR count(DISTINCT (workspace_id, month)) > 1`,
  },
  {
    code: 'ledger_video',
    text: 'its work has ended and its reservation is open, or it failed and was charged',
    sql: `SELECT v.id AS subject FROM videos v JOIN usage_entries r ON r.video_id = v.id AND r.kind = 'reserve' AND r.rendition_id IS NULL
        AND r.sequence = (SELECT max(sequence) FROM usage_entries l WHERE l.video_id = v.id AND l.rendition_id IS NULL)
      WHERE (v.state IN ('ready', 'failed')
          AND NOT EXISTS (SELECT 1 FROM usage_entries s WHERE s.video_id = v.id AND s.sequence = r.sequence AND s.kind <> 'reserve'))
        OR (v.state = 'failed'
          AND EXISTS (SELECT 1 FROM usage_entries s WHERE s.video_id = v.id AND s.sequence = r.sequence AND s.kind = 'commit'))`,
  },
  {
    code: 'ledger_rendering',
    text: 'a rendering of it has ended and its reservation is open, or it failed and was charged',
    sql: `SELECT r.video_id AS subject FROM usage_entries r LEFT JOIN renditions n ON n.id = r.rendition_id
        LEFT JOIN usage_entries s ON s.video_id = r.video_id AND s.sequence = r.sequence AND s.kind <> 'reserve'
      WHERE r.rendition_id IS NOT NULL AND r.kind = 'reserve'
        AND r.sequence = (SELECT max(sequence) FROM usage_entries l WHERE l.rendition_id = r.rendition_id)
        AND ((s.id IS NULL AND (n.id IS NULL OR n.state IN ('ready', 'failed', 'cancelled')))
          OR (s.kind = 'commit' AND n.state IN ('failed', 'cancelled')))`,
  },
  {
    code: 'ledger_stored',
    text: 'the storage that its entries add up to is not what is stored of it',
    sql: `SELECT COALESCE(video_id, workspace_id) AS subject FROM (${storageDifferences('true')}) d`,
  },
  {
    code: 'ledger_quota',
    text: 'the storage by which its quota is held is not that of its entries',
    sql: `SELECT COALESCE(u.workspace_id, e.workspace_id) AS subject
      FROM (SELECT workspace_id, sum(bytes) AS bytes FROM storage_entries GROUP BY workspace_id) e
      FULL JOIN storage_usage u ON u.workspace_id = e.workspace_id WHERE COALESCE(u.used_bytes, 0) <> COALESCE(e.bytes, 0)`,
  },
  {
    code: 'ledger_meter',
    text: 'more was sent to the meter than was used',
    sql: `SELECT e.workspace_id AS subject FROM meter_events m JOIN usage_entries e ON e.id = m.entry_id
      WHERE m.seconds > e.seconds OR e.kind <> 'commit' OR m.workspace_id <> e.workspace_id`,
  },
];

/** Proves that the ledger adds up, in itself and with the videos it is about. Answers what does not; nothing is changed. */
export async function checkLedger(deps: Pick<Deps, 'db'>, tx: Tx): Promise<LedgerProblem[]> {
  const problems: LedgerProblem[] = [];
  for (const { sql, code, text } of checks) {
    const rows = await deps.db.rows<{ subject: string }>(tx, `${sql} LIMIT :maxProblems`, { maxProblems });
    problems.push(...rows.map(({ subject }) => ({ subject, code, text })));
  }
  return problems;
}
