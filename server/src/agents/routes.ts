import type { Handlers } from '../http/request.ts';
import { agentOf, personOf } from '../http/request.ts';
import { keepLogLines, type LogFields, presentLog } from './agentLog.ts';
import { createEnrolment, registerAgent } from './enrol.ts';
import { completeLease, failLease, releaseLease, renewLease } from './holdLease.ts';
import { leaseTask } from './leaseTask.ts';
import { removeAgent, setDraining } from './retireAgent.ts';
import { presentAgents, presentIntervals } from './present.ts';
import type { SpecBuilders } from './taskSpec.ts';

/** How often a waiting request looks for work that another process queued. */
const lookEveryMs = 1000;

/** Enrolment and leases. `specs` says what each kind of task asks, `logFields` what may stand in a log. */
export function createAgentHandlers(specs: SpecBuilders, logFields: LogFields) {
  return {
    async listAgents({ deps }) {
      return { items: await deps.db.asSystem((tx) => presentAgents(deps, tx)) };
    },
    async drainAgent(request) {
      await setDraining(request.deps, personOf(request).userId, request.params.id, request.body.isDraining);
      return undefined;
    },
    async removeAgent(request) {
      await removeAgent(request.deps, personOf(request).userId, request.params.id);
      return undefined;
    },
    async createAgentLogLines(request) {
      await keepLogLines(request.deps, logFields, agentOf(request).agentId, request.body.lines);
      return undefined;
    },
    listAgentLogLines: ({ deps, params, query }) => presentLog(deps, params.id, query),
    async createEnrolment(request) {
      const { code, expiresAt } = await createEnrolment(request.deps, personOf(request).userId);
      return { code, expiresAt: expiresAt.toISOString() };
    },
    async registerAgent({ deps, body }) {
      return { ...(await registerAgent(deps, body)), intervals: presentIntervals(deps) };
    },
    async announceAgent(request) {
      const { deps, body } = request;
      const { agentId } = agentOf(request);
      await deps.db.asSystem((tx) =>
        deps.db.change(tx, 'UPDATE agents SET version = :version, capabilities = :capabilities, last_seen_at = :now WHERE id = :agentId', {
          agentId,
          version: body.version,
          capabilities: JSON.stringify(body.capabilities),
          now: deps.clock.now(),
        }),
      );
      return { agentId, intervals: presentIntervals(deps) };
    },
    async createLease(request) {
      const { deps, body, signal } = request;
      const { agentId } = agentOf(request);
      const endsAt = performance.now() + Math.min(body.waitSeconds, deps.env.CARMIC_POLL_SECONDS) * 1000;
      await deps.db.asSystem((tx) =>
        deps.db.change(tx, 'UPDATE agents SET last_seen_at = :now WHERE id = :agentId', { agentId, now: deps.clock.now() }),
      );
      for (;;) {
        // Waiting begins before the look, so that a task queued in between wakes it.
        const stopWaiting = new AbortController();
        const news = deps.tasksReady.wait(
          Math.min(lookEveryMs, Math.max(0, endsAt - performance.now())),
          AbortSignal.any([signal, stopWaiting.signal]),
        );
        const lease = signal.aborted ? null : await leaseTask(deps, specs, agentId, body.kinds);
        if (lease !== null || signal.aborted || performance.now() >= endsAt) {
          stopWaiting.abort();
          return { lease };
        }
        await news;
      }
    },
    async renewLease(request) {
      return renewLease(request.deps, specs, agentOf(request).agentId, request.params.id, request.body);
    },
    async completeLease(request) {
      await completeLease(request.deps, agentOf(request).agentId, request.params.id, request.body);
      return undefined;
    },
    async failLease(request) {
      await failLease(request.deps, agentOf(request).agentId, request.params.id, request.body);
      return undefined;
    },
    async releaseLease(request) {
      await releaseLease(request.deps, agentOf(request).agentId, request.params.id, request.body.leaseToken);
      return undefined;
    },
  } satisfies Partial<Handlers>;
}
