/**
 * The audit log: every event, linked into a chain of hashes. Each link is SHA-256 over its number, the link before it and the event's
 * fields. Every five minutes the head is signed (Ed25519, key derived from the root key) and appended to a file outside the database, so
 * that an edit, removal, insertion, reordering, truncation or full rebuild inside the database shows. Events name people by id only:
 * erasing a person takes their name from the log and leaves every hash as it was.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditProblem } from '@carmic/contract';
import { z } from 'zod';
import { makeFolder } from '../core/makeFolder.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

const batchSize = 500;
const firstHash = Buffer.alloc(32);
/** PKCS#8 wrapping of a raw Ed25519 seed (RFC 8410, section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

const headSchema = z.object({ sequence: z.number().int(), hash: z.string(), at: z.string(), signature: z.string() });
type Head = z.infer<typeof headSchema>;

/** An event as the chain sees it: texts only, so that it hashes the same everywhere. */
interface Entry {
  txid: string;
  id: string;
  workspace_id: string | null;
  type: string;
  video_id: string | null;
  subject_id: string | null;
  actor_id: string | null;
  data: string;
  at: string;
}
const entryColumns = `e.txid::text AS txid, e.id::text AS id, e.workspace_id, e.type, e.video_id, e.subject_id, e.actor_id,
  e.data::text AS data, (e.created_at AT TIME ZONE 'UTC')::text AS at`;

function linkHash(sequence: number, before: Uint8Array, entry: Entry): Buffer {
  const { txid, id, workspace_id, type, video_id, subject_id, actor_id, data, at } = entry;
  const text = JSON.stringify([sequence, txid, id, workspace_id, type, video_id, subject_id, actor_id, data, at]);
  return createHash('sha256').update(before).update(text).digest();
}

interface Last {
  sequence: number;
  hash: Buffer;
  txid: string;
  id: string;
}

async function readLast(deps: Deps, tx: Tx): Promise<Last> {
  const [row] = await deps.db.rows<{ sequence: string; hash: Buffer; txid: string; id: string }>(
    tx,
    'SELECT sequence, hash, event_txid::text AS txid, event_id::text AS id FROM audit_chain ORDER BY sequence DESC LIMIT 1',
  );
  return row === undefined ? { sequence: 0, hash: firstHash, txid: '0', id: '0' } : { ...row, sequence: Number(row.sequence) };
}

/** Links the events that are not in the chain yet, oldest first, behind every running transaction. */
export async function extendChain(deps: Deps): Promise<void> {
  const { db } = deps;
  let count = batchSize;
  while (count === batchSize) {
    count = await db.asSystem(async (tx) => {
      await db.rows(tx, 'SELECT pg_advisory_xact_lock(723405)');
      const last = await readLast(deps, tx);
      const entries = await db.rows<Entry>(
        tx,
        `SELECT ${entryColumns} FROM events e
         WHERE (e.txid, e.id) > (CAST(:txid AS xid8), CAST(:id AS bigint)) AND e.txid < event_xid(pg_snapshot_xmin(pg_current_snapshot()))
         ORDER BY e.txid, e.id LIMIT :batchSize`,
        { txid: last.txid, id: last.id, batchSize },
      );
      let { sequence, hash } = last;
      for (const entry of entries) {
        sequence += 1;
        hash = linkHash(sequence, hash, entry);
        await db.change(
          tx,
          'INSERT INTO audit_chain (sequence, event_txid, event_id, hash) VALUES (:sequence, CAST(:txid AS xid8), CAST(:id AS bigint), :hash)',
          { sequence, txid: entry.txid, id: entry.id, hash },
        );
      }
      return entries.length;
    });
  }
}

const keyOf = (seed: Uint8Array): KeyObject => createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
const signedText = (head: Omit<Head, 'signature'>) => Buffer.from(`carmic audit head\n${head.sequence}\n${head.hash}\n${head.at}`);
const headsFolder = (deps: Pick<Deps, 'env'>): string => deps.env.CARMIC_AUDIT_HEADS_DIR ?? join(deps.env.CARMIC_DATA_DIR, 'audit');
/** The file with the signed heads. */
export const headsFile = (deps: Pick<Deps, 'env'>): string => join(headsFolder(deps), 'heads.jsonl');

/** Brings the chain up to date and appends its signed head to the file outside the database. */
export async function writeHead(deps: Deps): Promise<void> {
  await extendChain(deps);
  const last = await deps.db.asSystem((tx) => readLast(deps, tx));
  const head = { sequence: last.sequence, hash: last.hash.toString('hex'), at: deps.clock.now().toISOString() };
  const signature = sign(null, signedText(head), keyOf(deps.auditKey)).toString('base64');
  await makeFolder(headsFolder(deps), 0o700);
  await appendFile(headsFile(deps), `${JSON.stringify({ ...head, signature })}\n`, { mode: 0o600 });
}

async function readHeads(deps: Deps): Promise<Head[]> {
  const text = await readFile(headsFile(deps), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return '';
    }
    throw error;
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => headSchema.parse(JSON.parse(line)));
}

export interface AuditReport {
  isIntact: boolean;
  entries: number;
  heads: number;
  problems: AuditProblem[];
}

const sentences: Record<AuditProblem['code'], (...values: string[]) => string> = {
  head_signature: (at) => `The signed head of ${at} has a signature that does not fit.`,
  cut: (signed, kept) => `The chain was cut: a signed head has ${signed} entries, the database ${kept}.`,
  no_head: () => 'There is no signed head: the file with them is missing or was never written.',
  missing_entries: (first, last) => `Entries ${first} to ${last} are missing from the chain.`,
  event_removed: (entry) => `The event of entry ${entry} was removed.`,
  entry_altered: (entry) => `Entry ${entry} does not fit its event or the entry before it.`,
  rebuilt: (entry) => `Entry ${entry} is not the one whose head was signed: the chain was built anew.`,
  inserted: (count) => `${count} events were inserted behind the end of the chain.`,
};

function problem(code: AuditProblem['code'], ...given: (string | number)[]): AuditProblem {
  const values = given.map(String);
  return { code, values, text: sentences[code](...values) };
}

/** Recomputes the whole chain from the events and holds it against the signed heads. */
export async function verifyAudit(deps: Deps): Promise<AuditReport> {
  await extendChain(deps);
  const heads = await readHeads(deps);
  const problems: AuditProblem[] = [];
  const publicKey = createPublicKey(keyOf(deps.auditKey));
  for (const head of heads) {
    if (!verify(null, signedText(head), publicKey, Buffer.from(head.signature, 'base64'))) {
      problems.push(problem('head_signature', head.at));
    }
  }
  const wanted = new Map(heads.map((head) => [head.sequence, head.hash]));
  const entries = await walk(deps, problems, wanted);
  const longest = Math.max(0, ...heads.map((head) => head.sequence));
  if (longest > entries) {
    problems.push(problem('cut', longest, entries));
  }
  if (heads.length === 0 && entries > 0) {
    problems.push(problem('no_head'));
  }
  return { isIntact: problems.length === 0, entries, heads: heads.length, problems: problems.slice(0, 20) };
}

async function walk(deps: Deps, problems: AuditProblem[], wanted: ReadonlyMap<number, string>): Promise<number> {
  const { db } = deps;
  let sequence = 0;
  let hash: Buffer = firstHash;
  for (let isMore = true; isMore;) {
    const rows = await db.asSystem((tx) =>
      db.rows<Entry & { sequence: string; hash: Buffer; found: string | null }>(
        tx,
        `SELECT c.sequence, c.hash, e.id::text AS found, ${entryColumns} FROM audit_chain c
         LEFT JOIN events e ON e.txid = c.event_txid AND e.id = c.event_id
         WHERE c.sequence > :sequence ORDER BY c.sequence LIMIT :batchSize`,
        { sequence, batchSize },
      ),
    );
    for (const row of rows) {
      const number = Number(row.sequence);
      if (number !== sequence + 1) {
        problems.push(problem('missing_entries', sequence + 1, number - 1));
      }
      sequence = number;
      hash = row.found === null ? row.hash : linkHash(sequence, hash, row);
      if (row.found === null) {
        problems.push(problem('event_removed', sequence));
      } else if (!hash.equals(row.hash)) {
        problems.push(problem('entry_altered', sequence));
        ({ hash } = row);
      }
      const head = wanted.get(sequence);
      if (head !== undefined && head !== row.hash.toString('hex')) {
        problems.push(problem('rebuilt', sequence));
      }
    }
    isMore = rows.length === batchSize;
  }
  const [extra] = await db.asSystem((tx) =>
    db.rows<{ count: number }>(
      tx,
      `SELECT count(*)::integer AS count FROM events e
       WHERE (e.txid, e.id) <= (SELECT c.event_txid, c.event_id FROM audit_chain c ORDER BY c.sequence DESC LIMIT 1)
         AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.event_txid = e.txid AND c.event_id = e.id)`,
    ),
  );
  if ((extra?.count ?? 0) > 0) {
    problems.push(problem('inserted', extra?.count ?? 0));
  }
  return sequence;
}
