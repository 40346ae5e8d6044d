import { Readable } from 'node:stream';
import { type AuditEntry, eventTypes, eventTypeSchema, type RouteInput, type RouteReply } from '@carmic/contract';
import { type Handlers } from '../http/request.ts';
import type { Deps } from '../deps.ts';
import { extendChain, verifyAudit } from './auditChain.ts';

interface Row {
  sequence: string;
  hash: Buffer;
  txid: string;
  id: string;
  type: string;
  workspace_id: string | null;
  actor_id: string | null;
  actor_name: string | null;
  subject_id: string | null;
  data: Record<string, unknown>;
  created_at: Date;
}

/** A page of the audit log, newest first; names come from the accounts as they are now. */
async function listEntries(deps: Deps, query: RouteInput<'listAuditEntries'>['query']): Promise<RouteReply<'listAuditEntries'>> {
  await extendChain(deps);
  const types = eventTypes.filter(
    (type) => (query.type === undefined || type === query.type) && (query.area === undefined || type.startsWith(`${query.area}.`)),
  );
  const rows = await deps.db.asSystem((tx) =>
    deps.db.rows<Row>(
      tx,
      `SELECT c.sequence, c.hash, e.txid::text AS txid, e.id::text AS id, e.type, e.workspace_id, e.actor_id, u.name AS actor_name,
         e.subject_id, e.data, e.created_at
       FROM audit_chain c JOIN events e ON e.txid = c.event_txid AND e.id = c.event_id LEFT JOIN users u ON u.id = e.actor_id
       WHERE (CAST(:cursor AS bigint) IS NULL OR c.sequence < CAST(:cursor AS bigint)) AND (:isEvery OR e.type = ANY(CAST(:types AS text[])))
       ORDER BY c.sequence DESC LIMIT :limit`,
      { cursor: query.cursor ?? null, isEvery: types.length === eventTypes.length, types: `{${types.join(',')}}`, limit: query.limit + 1 },
    ),
  );
  const items = rows.slice(0, query.limit).map(present);
  return { items, nextCursor: rows.length > query.limit ? (items.at(-1)?.sequence ?? null) : null };
}

function present(row: Row): AuditEntry {
  return {
    sequence: Number(row.sequence),
    eventId: `${row.txid}-${row.id}`,
    type: eventTypeSchema.parse(row.type),
    workspaceId: row.workspace_id,
    actor: row.actor_id === null ? null : { id: row.actor_id, name: row.actor_name },
    subjectId: row.subject_id,
    data: row.data,
    createdAt: row.created_at.toISOString(),
    hash: row.hash.toString('hex'),
  };
}

const escapeHeader = (text: string) => text.replace(/[\\|]/g, '\\$&');
const escapeValue = (text: string) => text.replace(/[\\=]/g, '\\$&').replace(/\r?\n/g, '\\n');

/** One line of an export: JSON, or ArcSight's Common Event Format. */
export function exportLine(entry: AuditEntry, format: 'jsonl' | 'cef'): string {
  if (format === 'jsonl') {
    return JSON.stringify(entry);
  }
  const fields = {
    rt: String(Date.parse(entry.createdAt)),
    externalId: entry.eventId,
    suid: entry.actor?.id ?? '',
    duid: entry.subjectId ?? '',
    cs1Label: 'workspace',
    cs1: entry.workspaceId ?? '',
    cs2Label: 'data',
    cs2: JSON.stringify(entry.data),
    cs3Label: 'hash',
    cs3: entry.hash,
  };
  const extension = Object.entries(fields).map(([name, value]) => `${name}=${escapeValue(value)}`);
  return `CEF:0|Carmic|Carmic|1|${escapeHeader(entry.type)}|${escapeHeader(entry.type)}|3|${extension.join(' ')}`;
}

/** The lines of the whole log, newest first, a page at a time. */
export async function* exportAudit(deps: Deps, format: 'jsonl' | 'cef'): AsyncGenerator<string> {
  let cursor: number | undefined;
  do {
    const page = await listEntries(deps, { limit: 200, cursor });
    for (const entry of page.items) {
      yield exportLine(entry, format);
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

async function* asText(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) {
    yield `${line}\n`;
  }
}

/** The audit log, for administrators. */
export const auditHandlers = {
  listAuditEntries: ({ deps, query }) => listEntries(deps, query),
  exportAudit({ deps, params: { format }, sendFile }) {
    const type = format === 'jsonl' ? 'application/x-ndjson' : 'text/plain; charset=utf-8';
    sendFile({ name: `audit.${format}`, type, body: Readable.from(asText(exportAudit(deps, format))) });
    return Promise.resolve(undefined);
  },
  verifyAudit: ({ deps }) => verifyAudit(deps),
} satisfies Partial<Handlers>;
