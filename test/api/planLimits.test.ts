/** Limits of a plan that many ask for at once, and a ledger that adds up whatever happens. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import { readStatement, reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let admin: Caller;
const deps = () => instance.server.deps;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_WATCHDOG_SECONDS: '86400', CARMIC_LEASE_SECONDS: '120' } });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(() => instance.stop());

test('20 agents that ask at once get no more tasks of a workspace than its plan lets run', async () => {
  const who = await instance.createCaller();
  await admin.call('assignPlan', { params: { id: who.workspaceId }, body: { overrides: { limits: { parallelTasks: 3 } } } });
  const videos = await Promise.all(
    Array.from({ length: 8 }, (_, index) => uploadVideo(who.call, instance.baseUrl, Buffer.from(`video ${index}`))),
  );
  const { db } = deps();
  const countOf = async (state: string) => {
    const [row] = await db.asSystem((tx) =>
      db.rows<{ count: string }>(tx, 'SELECT count(*) AS count FROM media_tasks WHERE workspace_id = :id AND state = :state', {
        id: who.workspaceId,
        state,
      }),
    );
    return Number(row?.count);
  };
  await expect.poll(() => countOf('queued'), { timeout: 30_000 }).toBe(videos.length);
  const agents = await Promise.all(Array.from({ length: 20 }, () => enrolAgent(instance)));
  const leases = await Promise.all(agents.map((agent) => agent.lease(['inspect'], 0)));
  expect(leases.filter((lease) => lease !== null)).toHaveLength(3);
  expect(await countOf('leased')).toBe(3);
  // Nobody has lost an attempt by it.
  const attempts = await db.asSystem((tx) =>
    db.rows<{ attempt: number }>(tx, "SELECT attempt FROM media_tasks WHERE workspace_id = :id AND state = 'queued'", {
      id: who.workspaceId,
    }),
  );
  expect(attempts.map((row) => row.attempt)).toEqual([0, 0, 0, 0, 0]);
});

test('a month’s statement adds up after any order of reservations and ends, within the limit, and what failed costs nothing', async () => {
  const act = fc.record({
    video: fc.integer({ min: 0, max: 4 }),
    kind: fc.constantFrom('reserve' as const, 'settle' as const),
    seconds: fc.double({ min: 0.1, max: 150, noNaN: true }),
    share: fc.constantFrom(0, 0, 0.33, 0.5, 1, 1, -1, 7),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 14 }), async (acts) => {
      const { workspaceId } = await instance.createCaller();
      const limitMinutes = 5;
      await admin.call('assignPlan', {
        params: { id: workspaceId },
        body: { overrides: { limits: { processingMinutes: limitMinutes } } },
      });
      const ids = Array.from({ length: 5 }, () => newId());
      const open = new Map<string, number>();
      const used = new Map<string, number>();
      const total = () => [...open.values(), ...used.values()].reduce((sum, seconds) => sum + seconds, 0);
      await deps().db.inWorkspace(workspaceId, async (tx) => {
        for (const { video, kind, seconds, share } of acts) {
          const id = ids[video] ?? '';
          const whole = Math.ceil(seconds);
          if (kind === 'reserve') {
            const refusal = await reserveMinutes(deps(), tx, { id, workspaceId }, seconds);
            const fits = open.has(id) || total() + whole <= limitMinutes * 60;
            expect(refusal === null).toBe(fits);
            if (fits && !open.has(id)) {
              open.set(id, whole);
            }
          } else {
            await settleMinutes(deps(), tx, { id, workspaceId }, share);
            const delivered = Math.ceil((open.get(id) ?? 0) * Math.min(1, Math.max(0, share)));
            open.delete(id);
            used.set(id, (used.get(id) ?? 0) + delivered);
          }
        }
        const statement = await readStatement(deps(), tx, workspaceId, undefined);
        const sum = (pick: (line: (typeof statement.lines)[number]) => number) =>
          statement.lines.reduce((all, line) => all + pick(line), 0);
        expect(statement.usedSeconds).toBe([...used.values()].reduce((all, seconds) => all + seconds, 0));
        expect(statement.reservedSeconds).toBe([...open.values()].reduce((all, seconds) => all + seconds, 0));
        expect(sum((line) => line.usedSeconds)).toBe(statement.usedSeconds);
        expect(sum((line) => line.reservedSeconds - line.usedSeconds - line.releasedSeconds)).toBe(statement.reservedSeconds);
        expect(statement.usedSeconds + statement.reservedSeconds).toBeLessThanOrEqual(limitMinutes * 60);
        const [month] = await deps().db.rows<{ reserved: string; used: string }>(
          tx,
          'SELECT reserved_seconds AS reserved, used_seconds AS used FROM usage_months WHERE workspace_id = :workspaceId',
          { workspaceId },
        );
        expect([Number(month?.used ?? 0), Number(month?.reserved ?? 0)]).toEqual([statement.usedSeconds, statement.reservedSeconds]);
      });
    }),
    { numRuns: 25 },
  );
});
