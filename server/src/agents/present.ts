import type { Agent, Intervals } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { Agents, MediaTasks } from './model.ts';

const onlineSeconds = 60;

/** The intervals every agent keeps. */
export function presentIntervals(deps: Deps): Intervals {
  const { env } = deps;
  return { leaseSeconds: env.CARMIC_LEASE_SECONDS, renewSeconds: env.CARMIC_RENEW_SECONDS, pollSeconds: env.CARMIC_POLL_SECONDS };
}

/** All agents that are not revoked, newest first, with what they do now. */
export async function presentAgents(deps: Deps, tx: Tx): Promise<Agent[]> {
  const { db, clock } = deps;
  const agents = await db
    .model(Agents)
    .findAll({ where: { revokedAt: null }, order: [['createdAt', 'DESC']], limit: 500, transaction: tx });
  const tasks = await db.model(MediaTasks).findAll({ where: { state: 'leased' }, limit: 2000, transaction: tx });
  return agents.map((agent) => ({
    id: agent.id,
    name: agent.name,
    version: agent.version,
    isOnline: agent.lastSeenAt !== null && clock.now().getTime() - agent.lastSeenAt.getTime() < onlineSeconds * 1000,
    lastSeenAt: agent.lastSeenAt?.toISOString() ?? null,
    capabilities: agent.capabilities,
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
