import type { Agent, Intervals, TaskKind } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { Agents, MediaTasks } from './model.ts';

const onlineSeconds = 60;

/** The intervals every agent keeps. */
export function presentIntervals(deps: Deps): Intervals {
  const { env } = deps;
  return { leaseSeconds: env.CARMIC_LEASE_SECONDS, renewSeconds: env.CARMIC_RENEW_SECONDS, pollSeconds: env.CARMIC_POLL_SECONDS };
}

interface EndedRow {
  id: string;
  agent_id: string;
  kind: TaskKind;
  state: 'done' | 'failed' | 'cancelled';
  code: string | null;
  seconds: number | null;
  finished_at: Date;
}

/** Kinds, times and codes only: what an agent worked on is its owners' affair. */
const endedSql = `SELECT t.id, t.agent_id, t.kind, t.state, t.failure->>'code' AS code,
    extract(epoch FROM t.finished_at - t.leased_at)::float AS seconds, t.finished_at
  FROM agents a CROSS JOIN LATERAL (
    SELECT * FROM media_tasks m WHERE m.agent_id = a.id AND m.state IN ('done', 'failed', 'cancelled') AND m.finished_at IS NOT NULL
    ORDER BY m.finished_at DESC LIMIT 10) t
  WHERE a.revoked_at IS NULL ORDER BY t.finished_at DESC`;

const presentEnded = ({ code, finished_at: finishedAt, id, kind, seconds, state }: EndedRow): Agent['recentTasks'][number] => ({
  id,
  kind,
  state,
  code,
  seconds: seconds === null ? null : Math.max(0, seconds),
  finishedAt: new Date(finishedAt).toISOString(),
});

/** All agents that are not revoked, newest first, with what they do now. */
export async function presentAgents(deps: Deps, tx: Tx): Promise<Agent[]> {
  const { db, clock } = deps;
  const agents = await db
    .model(Agents)
    .findAll({ where: { revokedAt: null }, order: [['createdAt', 'DESC']], limit: 500, transaction: tx });
  const tasks = await db.model(MediaTasks).findAll({ where: { state: 'leased' }, limit: 2000, transaction: tx });
  const ended = await db.rows<EndedRow>(tx, endedSql);
  const draining = new Set((await db.rows<{ id: string }>(tx, 'SELECT id FROM agents WHERE draining_at IS NOT NULL')).map(({ id }) => id));
  return agents.map((agent) => ({
    id: agent.id,
    name: agent.name,
    version: agent.version,
    isOnline: agent.lastSeenAt !== null && clock.now().getTime() - agent.lastSeenAt.getTime() < onlineSeconds * 1000,
    lastSeenAt: agent.lastSeenAt?.toISOString() ?? null,
    capabilities: agent.capabilities,
    isDraining: draining.has(agent.id),
    recentTasks: ended.filter(({ agent_id: agentId }) => agentId === agent.id).map(presentEnded),
    currentTasks: tasks.filter((task) => task.agentId === agent.id).map(({ id, kind, progress }) => ({ id, kind, progress })),
  }));
}

/** Tells whether an agent that can do `kind` was heard of lately. */
export async function isKindServed(deps: Deps, tx: Tx, kind: string): Promise<boolean> {
  const since = new Date(deps.clock.now().getTime() - 2 * onlineSeconds * 1000);
  const rows = await deps.db.rows(
    tx,
    "SELECT 1 FROM agents WHERE revoked_at IS NULL AND last_seen_at > :since AND capabilities->'kinds' @> CAST(:kind AS jsonb) LIMIT 1",
    {
      since,
      kind: JSON.stringify([kind]),
    },
  );
  return rows.length > 0;
}
