/** The last lines of agents' logs, kept for administrators. */
import type { AgentLogLine, RouteInput, RouteReply } from '@carmic/contract';
import { agentLogLevelSchema } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import type { LogFieldData } from '../core/dataMap.ts';
import { notFound } from '../core/errors.ts';
import type { Deps } from '../deps.ts';

const keptLines = 1000;
const keptSeconds = 7 * 24 * 3600;
const longestText = 1000;
const longestValue = 4000;

/** What the data map says of each field of a log line. */
export type LogFields = Readonly<Record<string, LogFieldData>>;

/** Keeps what an agent says. Of its fields those that the data map names, and no credential; the oldest lines over the limit go. Keeps: C4. */
export async function keepLogLines(
  { db, clock }: Deps,
  logFields: LogFields,
  agentId: string,
  lines: readonly AgentLogLine[],
): Promise<void> {
  const kept = lines.map(({ fields, ...line }) => ({ ...line, fields: allowedFields(logFields, fields) }));
  await db.asSystem(async (tx) => {
    await db.change(
      tx,
      `INSERT INTO agent_log_lines (agent_id, received_at, logged_at, level, text, fields)
       SELECT :agentId, :now, line.at, line.level, line.text, line.fields
       FROM ROWS FROM (jsonb_to_recordset(CAST(:lines AS jsonb)) AS (at timestamptz, level text, text text, fields jsonb))
         WITH ORDINALITY AS line(at, level, text, fields, number) ORDER BY number`,
      { agentId, now: clock.now(), lines: JSON.stringify(kept) },
    );
    await db.change(
      tx,
      `DELETE FROM agent_log_lines WHERE agent_id = :agentId
         AND id <= (SELECT id FROM agent_log_lines WHERE agent_id = :agentId ORDER BY id DESC OFFSET ${keptLines} LIMIT 1)`,
      { agentId },
    );
  });
}

function allowedFields(logFields: LogFields, fields: AgentLogLine['fields']): Record<string, unknown> {
  const allowed = Object.entries(fields).filter(([name]) => {
    const field = Object.hasOwn(logFields, name) ? logFields[name] : undefined;
    return field !== undefined && field.class !== 'credential';
  });
  return Object.fromEntries(allowed.map(([name, value]) => [name, shorten(value)]));
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.slice(0, longestText);
  }
  return JSON.stringify(value).length > longestValue ? null : value;
}

interface LineRow {
  id: string;
  logged_at: Date;
  level: AgentLogLine['level'];
  text: string;
  fields: AgentLogLine['fields'];
}

/** One page of an agent's log, newest first. Throws not_found. */
export async function presentLog(
  { db }: Deps,
  agentId: string,
  { cursor, limit, level = 'info' }: RouteInput<'listAgentLogLines'>['query'],
): Promise<RouteReply<'listAgentLogLines'>> {
  const levels = agentLogLevelSchema.options;
  return db.asSystem(async (tx) => {
    const agents = await db.rows(tx, 'SELECT 1 FROM agents WHERE id = :agentId AND revoked_at IS NULL', { agentId });
    if (agents.length === 0) {
      throw notFound('agent');
    }
    const rows = await db.rows<LineRow>(
      tx,
      `SELECT id::text, logged_at, level, text, fields FROM agent_log_lines
       WHERE agent_id = :agentId AND level IN (:levels) AND (CAST(:cursor AS bigint) IS NULL OR id < CAST(:cursor AS bigint))
       ORDER BY agent_log_lines.id DESC LIMIT :limit`,
      { agentId, levels: levels.slice(levels.indexOf(level)), cursor: cursor ?? null, limit: limit + 1 },
    );
    const items = rows.slice(0, limit).map(({ logged_at: at, ...line }) => ({ ...line, at: at.toISOString() }));
    return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  });
}

/** Forgets what is older than a week, and all that agents said whose enrolment has ended. */
export async function sweepAgentLog({ db, clock }: Deps): Promise<void> {
  await db.asSystem((tx) =>
    db.change(
      tx,
      `DELETE FROM agent_log_lines WHERE received_at < :before
         OR agent_id IN (SELECT id FROM agents WHERE revoked_at IS NOT NULL)`,
      { before: addSeconds(clock.now(), -keptSeconds) },
    ),
  );
}
