/** Limits of a plan that many ask for at once, and a ledger that adds up whatever happens. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import { readStatement } from '../../server/src/plans/statement.ts';
import { reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
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
  await expect.poll(() => countOf('queued'), { timeout: 60_000 }).toBe(videos.length);
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
        const statement = await readStatement(deps(), tx, workspaceId, { limit: 100 });
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

test('a plan limits the people of a workspace: invitations take seats, and the last one goes to one of two', async () => {
  const [owner, first, second] = await Promise.all([instance.createCaller(), instance.createCaller(), instance.createCaller()]);
  const limitTo = (members: number | null) =>
    admin.call('assignPlan', { params: { id: owner.workspaceId }, body: { overrides: { limits: { members } } } });
  const invite = (email: string) => owner.call('createInvitation', { body: { email, role: 'editor' } });
  const tokenIn = (link: string) => new URL(link.replace('/#', '')).searchParams.get('token') ?? '';
  await limitTo(3);
  const links = [(await invite('one@example.com')).link, (await invite('two@example.com')).link];
  // The same address again takes no further seat.
  links[1] = (await invite('two@example.com')).link;
  await expect(invite('three@example.com')).rejects.toMatchObject({ code: 'quota_exceeded' });
  await limitTo(2);
  const joins = await Promise.allSettled(
    [first, second].map((who, index) => who.call('joinWorkspace', { body: { token: tokenIn(links[index] ?? '') } })),
  );
  expect(joins.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(joins.find((each) => each.status === 'rejected')?.reason).toMatchObject({ code: 'quota_exceeded' });
  expect(await owner.call('getEntitlements')).toMatchObject({ memberCount: 2, limits: { members: 2 } });
  await limitTo(null);
  await invite('three@example.com');
});

test('what a plan leaves out cannot be made anew, and its edit is a version and an event', async () => {
  const who = await instance.createCaller();
  const plan = await admin.call('createPlan', {
    body: { name: 'Small', retention: { kind: 'expires', days: 5 }, limits: { uploadBytes: null, durationSeconds: null } },
  });
  expect(plan.features).toEqual(['brandKits', 'webhooks', 'apiKeys', 'translations', 'freeRerenders']);
  await admin.call('assignPlan', { params: { id: who.workspaceId }, body: { planId: plan.id } });
  const makeKit = () => who.call('createBrandKit', { body: { name: 'Ours' } });
  const makeKey = () => who.call('createApiKey', { body: { name: 'Robot', scopes: ['read'] } });
  await makeKit();
  await makeKey();
  const edited = await admin.call('updatePlan', {
    params: { id: plan.id },
    body: { version: 1, features: ['webhooks'], limits: { members: 5 } },
  });
  expect(edited).toMatchObject({ version: 2, features: ['webhooks'], limits: { members: 5 } });
  for (const make of [makeKit, makeKey]) {
    await expect(make()).rejects.toMatchObject({ code: 'quota_exceeded' });
  }
  expect((await who.call('listBrandKits')).items).toHaveLength(1);
  const { items } = await admin.call('listPlanVersions', { params: { id: plan.id } });
  expect(items.map(({ features }) => features)).toEqual([['webhooks'], plan.features]);
  const told = await deps().db.asSystem((tx) =>
    deps().db.rows(tx, "SELECT 1 FROM events WHERE type = 'plan.updated' AND subject_id = :id", { id: plan.id }),
  );
  expect(told).toHaveLength(1);
  await admin.call('assignPlan', { params: { id: who.workspaceId }, body: { overrides: { features: ['brandKits'] } } });
  await makeKit();
  await expect(makeKey()).rejects.toMatchObject({ code: 'quota_exceeded' });
});
